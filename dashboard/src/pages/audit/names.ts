import type { KeyView, Page, WebhookEndpointView } from '@bitting/client'
import { LEVEL_TITLES, type AuditEntry, type Catalog } from '@bitting/core'
import { queryOptions, useQueries, useQuery } from '@tanstack/react-query'
import { get, path } from '../../api/transport.js'
import { addressesIn, formerMembersQuery, formerName } from '../../people/former-members.js'
import { membersQuery } from '../../people/members-query.js'
import { useCan } from '../../session/session.js'
import { useCatalog } from '../key-editor/catalogs.js'

/** What ids stand for. */
export interface Names {
  /** The name of a member or key, the address of an endpoint; null where it has none or is gone. */
  readonly of: (id: string | null) => string | null
  /** What a person is called who is or was a member. */
  readonly person: (id: string | null) => string
  /** The title of a permission: `Phone`. */
  readonly permission: (id: string) => string
  /** What an operation of the protected API asks for: `Phone: Read`; null where it asks for nothing, or full access. */
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

/** The names of what some entries are about. */
export function useNames(entries: readonly AuditEntry[] | undefined = []): Names {
  const people = usePeople(entries)
  const keys = useKeys(entries)
  const endpoints = useEndpoints(entries)
  const api = useCatalog()
  const management = useCatalog('management')
  return {
    of: (id) => (id === null ? null : (people.current(id) ?? keys(id) ?? endpoints(id) ?? null)),
    person: people.name,
    permission: (id) => titleIn(api.data, id) ?? titleIn(management.data, id) ?? id,
    needs: (name) => {
      const asked = api.data?.operations.find((operation) => operation.name === name)?.requirement
      if (asked?.kind !== 'level') return null
      return `${titleIn(api.data, asked.permission) ?? asked.permission}: ${LEVEL_TITLES[asked.level]}`
    },
  }
}

function titleIn(catalog: Catalog | undefined, id: string): string | undefined {
  return catalog?.permissions.find((permission) => permission.id === id)?.title
}

/** Members by their names. Who is none any more has the address that an entry tells. */
function usePeople(entries: readonly AuditEntry[]): {
  readonly current: (id: string) => string | undefined
  readonly name: (id: string | null) => string
} {
  const can = useCan()
  const members = useQuery({ ...membersQuery, enabled: can('members:read') })
  const known = new Map(members.data?.map(({ id, name, email }) => [id, name === '' ? email : name]))
  const told = addressesIn(entries)
  const asked = entries.flatMap(({ actor, resource }) => [
    ...(actor.type === 'member' ? [actor.id] : []),
    ...(resource.type === 'user' ? [resource.id] : []),
  ])
  const isUnknown = asked.some((id) => id !== null && !known.has(id) && told[id] === undefined)
  const former = useQuery({
    ...formerMembersQuery,
    enabled: members.isSuccess && isUnknown && can('audit:read'),
  })
  return {
    current: (id) => known.get(id),
    name: (id) => {
      if (id === null) return formerName(undefined)
      return known.get(id) ?? (members.isLoading ? '…' : formerName(told[id] ?? former.data?.[id]))
    },
  }
}

/** Keys that are not among the newest are asked for one by one. */
function useKeys(entries: readonly AuditEntry[]): (id: string) => string | undefined {
  const can = useCan()
  const keys = useQuery({ ...keyNamesQuery, enabled: can('keys:read') })
  const known = new Map(keys.data?.map(({ id, name }) => [id, name]))
  const asked = entries.flatMap(({ actor, resource }) => [actor.id, resource.id])
  const missing = keys.isSuccess ? idsOf(asked, 'key_').filter((id) => !known.has(id)) : []
  const others = useQueries({ queries: missing.map(keyNameQuery) })
  for (const { data } of others) if (data !== undefined) known.set(data.id, data.name)
  return (id) => known.get(id)
}

function useEndpoints(entries: readonly AuditEntry[]): (id: string) => string | undefined {
  const can = useCan()
  const asked = entries.map(({ resource }) => (resource.type === 'webhook_endpoint' ? resource.id : null))
  const ids = can('webhooks:read') ? idsOf(asked, '') : []
  const found = useQueries({ queries: ids.map(endpointNameQuery) })
  const known = new Map(found.flatMap(({ data }) => (data === undefined ? [] : [[data.id, data.url]])))
  return (id) => known.get(id)
}

function idsOf(asked: readonly (string | null)[], prefix: string): string[] {
  return [...new Set(asked)].filter((id) => id !== null).filter((id) => id.startsWith(prefix))
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

function endpointNameQuery(id: string) {
  return queryOptions({
    queryKey: ['audit', 'names', 'endpoint', id],
    queryFn: async ({ signal }) => {
      const { url } = await get<WebhookEndpointView>(path`/v1/webhook-endpoints/${id}`, {}, signal)
      return { id, url }
    },
    staleTime: NAMES_KEPT_MILLISECONDS,
    retry: false,
  })
}
