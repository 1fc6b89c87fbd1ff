import type { AuditEntryProofView, InclusionProofView, Page } from '@bitting/client'
import { peekCheckpoint, type AuditEntry } from '@bitting/core'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { isRefusal } from '../../api/problem.js'
import { get, path, sendText } from '../../api/transport.js'
import { checkEntry, type EntryEvidence } from './check-entry.js'
import type { CheckReport } from './check.js'
import type { AuditSearch } from './search.js'

/** How many entries a page of the list has. */
export const ENTRIES_A_PAGE = 50
/** How often the log is asked for what is new. */
export const POLL_MILLISECONDS = 10_000

/** The newest checkpoint and the key that verifies it. */
export interface Head {
  /** The signed note. */
  readonly note: string
  readonly verifierKey: string
}

/** Pages of entries, newest first. What is new is not put in by itself: that would move what is being read. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the type of the options is the library's
export function entriesQuery(search: AuditSearch) {
  return infiniteQueryOptions({
    queryKey: ['audit', 'list', search],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor, signal }) =>
      get<Page<AuditEntry>>('/v1/audit', { ...search, cursor, limit: ENTRIES_A_PAGE }, signal),
    getNextPageParam: ({ next_cursor: next }) => next ?? undefined,
    staleTime: 30_000,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  })
}

/** The newest entries that a search finds, asked for again and again. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the type of the options is the library's
export function newestQuery(search: AuditSearch) {
  return queryOptions({
    queryKey: ['audit', 'newest', search],
    queryFn: ({ signal }) => get<Page<AuditEntry>>('/v1/audit', { ...search, limit: ENTRIES_A_PAGE }, signal),
    refetchInterval: POLL_MILLISECONDS,
    staleTime: 0,
  })
}

/** The newest checkpoint and its key; null before the first. */
export const headQuery = queryOptions({
  queryKey: ['audit', 'head'],
  queryFn: ({ signal }) => readHead(signal),
  refetchInterval: POLL_MILLISECONDS,
})

/** One entry with the bytes that prove it. An entry never changes, but for what is erased of it. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the type of the options is the library's
export function entryQuery(index: number) {
  return queryOptions({
    queryKey: ['audit', 'entry', index],
    queryFn: ({ signal }) => get<AuditEntryProofView>(path`/v1/audit/${index}`, {}, signal),
    staleTime: 60_000,
  })
}

/** What came of proving an entry here; `waiting` until a checkpoint covers it. */
export type EntryProof =
  { readonly state: 'waiting' } | ({ readonly state: 'checked'; readonly size: number } & CheckReport)

/** Proves an entry in this browser. Asks again each second until there is a checkpoint that covers it. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the type of the options is the library's
export function entryProofQuery(index: number, entry: AuditEntryProofView) {
  return queryOptions({
    queryKey: ['audit', 'proof', index, entry],
    queryFn: async ({ signal }): Promise<EntryProof> => {
      const head = await readHead(signal)
      const size = head === null ? 0 : (peekCheckpoint(head.note)?.size ?? index + 1)
      if (head === null || index >= size) return { state: 'waiting' }
      const proof = await get<InclusionProofView>(path`/v1/audit/${index}/proof`, { size }, signal)
      const evidence: EntryEvidence = { ...head, proof }
      return { state: 'checked', size, ...(await checkEntry(index, entry, evidence)) }
    },
    refetchInterval: ({ state }) => (state.data?.state === 'waiting' ? 1_000 : false),
    staleTime: Infinity,
    gcTime: 0,
  })
}

/** Reads the newest checkpoint and its key; null before the first. */
export async function readHead(signal?: AbortSignal): Promise<Head | null> {
  try {
    const [note, verifierKey] = await Promise.all([
      sendText({ path: '/v1/audit/checkpoint', signal }),
      sendText({ path: '/v1/audit/checkpoint/key', signal }),
    ])
    return { note, verifierKey: verifierKey.trim() }
  } catch (error) {
    if (isRefusal(error, 'not_found')) return null
    throw error
  }
}
