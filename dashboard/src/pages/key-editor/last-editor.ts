import type { MemberView, Page, SessionView } from '@bitting/client'
import type { AuditEntry } from '@bitting/core'
import { get } from '../../api/transport.js'

/** Who changed a key last, and when. */
export interface LastEdit {
  /** As the beginning of a sentence: `Ada Lovelace`, `You, in another window`. */
  readonly who: string
  /** RFC 3339, null where the audit log could not be read. */
  readonly at: string | null
}

/** Looks up in the audit log who changed a key last. Not being allowed to is no error: then it was somebody. */
export async function findLastEdit(keyId: string, session: SessionView): Promise<LastEdit> {
  const filter = { resource: keyId, action: 'key.update', outcome: 'success', limit: 1 }
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
  const members = await get<Page<MemberView>>('/v1/members', { limit: 100 }).then(
    ({ data }) => data,
    () => [],
  )
  return members.find((member) => member.id === id)?.name ?? 'Another member'
}
