import type { KeyView, Page } from '@bitting/client'
import type { KeyState } from '@bitting/core'
import {
  keepPreviousData,
  queryOptions,
  useInfiniteQuery,
  useQuery,
  type InfiniteData,
  type UseInfiniteQueryResult,
} from '@tanstack/react-query'
import { get } from '../../api/transport.js'
import type { KeysSearch } from './search.js'

const LIVE: readonly KeyState[] = ['active', 'pre-activation', 'suspended']
const ENDED: readonly KeyState[] = ['deactivated', 'compromised', 'destroyed']

const STATES = { live: LIVE.join(','), ended: ENDED.join(','), all: undefined } as const

const REFRESH_MILLISECONDS = 15_000

/** The keys that a view asks for, page after page; read again now and then, for who used them last. */
export function useKeys({
  view = 'live',
  sort = 'created',
  order = sort === 'name' ? 'asc' : 'desc',
  by,
  ...filter
}: KeysSearch): UseInfiniteQueryResult<InfiniteData<Page<KeyView>>> {
  const query = { ...filter, created_by: by, state: STATES[view], sort, order, limit: 50 }
  return useInfiniteQuery({
    queryKey: ['keys', 'list', query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor, signal }) => get<Page<KeyView>>('/v1/keys', { ...query, cursor }, signal),
    getNextPageParam: ({ next_cursor: next }) => next ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MILLISECONDS,
  })
}

/** The most ended keys that are counted: a list tells no number. */
const COUNTED_MAX = 20

/**
 * How many ended keys a view of those in use leaves out, and whether there are more; null where none or nobody knows.
 * A text is not looked for a second time: that passes over all keys.
 */
export function useEndedCount(search: KeysSearch): { readonly count: number; readonly more: boolean } | null {
  const { view = 'live', query: text, environment, access, kind, by } = search
  const wanted = view === 'live' && text === undefined
  const query = { environment, access, kind, created_by: by, state: STATES.ended, limit: COUNTED_MAX }
  const { data } = useQuery({
    queryKey: ['keys', 'ended', query],
    queryFn: ({ signal }) => get<Page<KeyView>>('/v1/keys', query, signal),
    enabled: wanted,
  })
  if (!wanted || data === undefined || data.data.length === 0) return null
  return { count: data.data.length, more: data.next_cursor !== null }
}

/** Whether there is any key at all, for what an empty list says. */
export const anyKeyQuery = queryOptions({
  queryKey: ['keys', 'any'],
  queryFn: ({ signal }) => get<Page<KeyView>>('/v1/keys', { kind: 'api', limit: 1 }, signal),
  select: ({ data }: Page<KeyView>) => data.length > 0,
})
