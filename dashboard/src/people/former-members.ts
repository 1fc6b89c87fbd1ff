import type { Page } from '@bitting/client'
import type { AuditEntry } from '@bitting/core'
import { queryOptions } from '@tanstack/react-query'
import { get } from '../api/transport.js'

/** What stands for somebody who was removed and of whom nothing else is known. */
export const FORMER = 'A former member'

/** E-mail addresses by the id of the person. */
export type Addresses = Readonly<Record<string, string>>

/** Who was removed last. The log alone tells of it, and each look is recorded there: ask where somebody is unknown. */
export const formerMembersQuery = queryOptions({
  queryKey: ['members', 'former'],
  queryFn: async ({ signal }) => {
    const filter = { action: 'member.remove', outcome: 'success', limit: 100 }
    return addressesIn((await get<Page<AuditEntry>>('/v1/audit', filter, signal)).data)
  },
  staleTime: 600_000,
})

/** The addresses that entries about people hold, of those whose personal data was not erased. */
export function addressesIn(entries: readonly AuditEntry[]): Addresses {
  const found = entries.flatMap(({ resource: { type, id }, details: { metadata } }): [string, string][] => {
    const email = (metadata as { readonly email?: unknown } | null | undefined)?.email
    return type === 'user' && id !== null && typeof email === 'string' ? [[id, email]] : []
  })
  return Object.fromEntries(found)
}

/** What somebody is called who is no member any more. */
export function formerName(email: string | undefined): string {
  return email === undefined ? FORMER : `${email} (former)`
}
