import type { RandomBytes } from '@bitting/core'
import type { WritableDatabase } from '../storage/database.js'
import { envelope } from './event.js'
import { tellEvents } from './outbox.js'

/** What tells of keys that expire. */
export interface KeyExpiryOptions {
  readonly database: WritableDatabase
  readonly nowSeconds: number
  readonly randomBytes: RandomBytes
  /** What was told before, so that nobody is asked again; the database has the last word. */
  readonly told: Set<string>
}

const DAY_SECONDS = 24 * 3600
/** How long before its end a key is said to expire. */
const NOTICE_DAYS: readonly number[] = [7, 1]
/** How long after its end a key is said to have expired, where nobody was there to say it at once. */
const LATE_SECONDS = 7 * DAY_SECONDS
const TOLD_MAX = 100_000

/** Tells the workspaces that listen of keys that expire within 7 days, within a day, or have expired. Each is told once. */
export async function tellKeyExpiry({
  database,
  nowSeconds,
  randomBytes,
  told,
}: KeyExpiryOptions): Promise<void> {
  const rows = await database.read
    .selectFrom('keys')
    .select(['id', 'workspace_id', 'name', 'environment', 'expires_at'])
    .where('expires_at', 'is not', null)
    .where('expires_at', '>', nowSeconds - LATE_SECONDS)
    .where('expires_at', '<=', nowSeconds + Math.max(...NOTICE_DAYS) * DAY_SECONDS)
    .where('revoked_at', 'is', null)
    .where('deleted_at', 'is', null)
    .where('workspace_id', 'in', (of) =>
      of.selectFrom('webhook_endpoints').select('workspace_id').where('deleted_at', 'is', null),
    )
    .execute()
  if (told.size > TOLD_MAX) told.clear()
  for (const { id, workspace_id: workspaceId, name, environment, expires_at: expiresAt } of rows) {
    if (expiresAt === null) continue
    const notice = noticeOf(expiresAt - nowSeconds)
    const dedupeKey = `${notice}:${id}:${String(expiresAt)}`
    if (told.has(dedupeKey)) continue
    const event = envelope(
      {
        type: notice === 'expired' ? 'key.expired' : 'key.expiring',
        subject: id,
        source: 'bitting',
        data: { key_id: id, name, environment, expires_at: new Date(expiresAt * 1000).toISOString() },
        dedupeKey,
        atMilliseconds: nowSeconds * 1000,
      },
      randomBytes,
    )
    await database.transact((tx) => tellEvents(tx, workspaceId, [event]))
    told.add(dedupeKey)
  }
}

/** Which of its notices a key is due: the nearest to its end. */
function noticeOf(secondsLeft: number): string {
  if (secondsLeft <= 0) return 'expired'
  const days = NOTICE_DAYS.filter((it) => secondsLeft <= it * DAY_SECONDS)
  return `expiring-${String(Math.min(...days))}`
}
