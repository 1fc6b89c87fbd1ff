import type { Page, SessionView } from '@bitting/client'
import type { AuditEntry } from '@bitting/core'
import { queryClient } from '../api/query-client.js'
import { get } from '../api/transport.js'
import { membersQuery } from './members-query.js'

/** Who changed something last, and when. */
export interface LastEdit {
  /** As the beginning of a sentence: `Ada Lovelace`, `You, in another window`. */
  readonly who: string
  /** RFC 3339, null where the audit log could not be read. */
  readonly at: string | null
}

/**
 * Looks up in the audit log who changed something last. Not being allowed to is no error: then it was somebody.
 *
 * @param action the one act that counts as a change; null where all do
 */
export async function findLastEdit(
  resource: string,
  action: string | null,
  session: SessionView,
): Promise<LastEdit> {
  const filter = { resource, action, outcome: 'success', limit: 1 }
  const entry = await get<Page<AuditEntry>>('/v1/audit', filter).then(
    ({ data }) => data[0],
    () => undefined,
  )
  if (entry === undefined) return { who: 'Somebody', at: null }
  return { who: await nameOf(entry.actor, session), at: entry.at }
}

async function nameOf({ type, id }: AuditEntry['actor'], { user }: SessionView): Promise<string> {
  if (type === 'key') return `The management key ${id ?? ''}`
  if (type !== 'member') return 'The operator'
  if (id === user.id) return 'You, in another window,'
  const members = await queryClient.query(membersQuery).catch(() => [])
  return members.find((member) => member.id === id)?.name ?? 'Another member'
}
