import type { CatalogView, KeyView, Page } from '@bitting/client'
import { formatScope, type AuditEntry } from '@bitting/core'
import { queryOptions, useQueries, useQuery } from '@tanstack/react-query'
import { get, path } from '../../api/transport.js'
import { membersQuery } from '../../people/members-query.js'
import { useCan } from '../../session/session.js'
import { catalogQuery } from '../key-editor/catalogs.js'

/** What ids stand for. */
export interface Names {
  /** The name of a member or key; null where it has none or is gone. */
  readonly of: (id: string | null) => string | null
  /** The scope that an operation of the protected API asks for; null where it asks for none, or for full access. */
  readonly needs: (operation: string | null) => string | null
}

const NAMES_KEPT_MILLISECONDS = 60_000

/** The newest keys, for their names. */
export const keyNamesQuery = queryOptions({
  queryKey: ['audit', 'names', 'keys'],
  queryFn: async ({ signal }) => {
    const { data } = await get<Page<KeyView>>('/v1/keys', { limit: 100 }, signal)
    return data.map(({ id, name }) => ({ id, name }))
  },
  staleTime: NAMES_KEPT_MILLISECONDS,
})

/** The names of what some entries are about. Keys that are not among the newest are asked for one by one. */
export function useNames(entries: readonly AuditEntry[] | undefined): Names {
  const can = useCan()
  const members = useQuery({ ...membersQuery, enabled: can('members:read') })
  const keys = useQuery({ ...keyNamesQuery, enabled: can('keys:read') })
  const catalog = useQuery(catalogQuery)
  const known = new Map<string, string>()
  for (const { id, name, email } of members.data ?? []) known.set(id, name === '' ? email : name)
  for (const { id, name } of keys.data ?? []) known.set(id, name)
  const asked = (entries ?? []).flatMap(({ actor, resource }) => [actor.id, resource.id])
  const missing = keys.isSuccess
    ? [...new Set(asked)].filter((id) => id !== null && id.startsWith('key_') && !known.has(id))
    : []
  const others = useQueries({ queries: missing.map((id) => keyNameQuery(id ?? '')) })
  for (const { data } of others) if (data !== undefined) known.set(data.id, data.name)
  return { of: (id) => (id === null ? null : (known.get(id) ?? null)), needs: needsOf(catalog.data) }
}

function keyNameQuery(id: string) {
  return queryOptions({
    queryKey: ['audit', 'names', 'key', id],
    queryFn: async ({ signal }) => {
      const { name } = await get<KeyView>(path`/v1/keys/${id}`, {}, signal)
      return { id, name }
    },
    staleTime: NAMES_KEPT_MILLISECONDS,
    retry: false,
  })
}

function needsOf(catalog: CatalogView | undefined): Names['needs'] {
  return (operation) => {
    const found = catalog?.operations.find(({ name }) => name === operation)
    return found === undefined || found.level === null ? null : formatScope(found.permission, found.level)
  }
}
