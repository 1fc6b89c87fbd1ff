import type { UsagePoint, UsageView } from '@bitting/client'
import { ProblemError } from '@bitting/core'
import { sql } from 'kysely'
import { HOUR_SECONDS } from '../../feed/usage.js'
import type { ServiceContext } from '../context.js'
import { getKey } from '../keys/find.js'
import { formatTime } from '../keys/record.js'

/** Which use is wanted. Times are whole seconds since 1970 UTC. */
export interface UsageRange {
  /** Seven days before the end unless it is told. */
  readonly since?: number | undefined
  /** Now unless it is told. */
  readonly until?: number | undefined
  /** `hour` for up to eight days, else `day`, unless it is told. */
  readonly step?: 'hour' | 'day' | undefined
}

const DAY_SECONDS = 86_400
const STEP_SECONDS = { hour: HOUR_SECONDS, day: DAY_SECONDS } as const
const DEFAULT_DAYS = 7
const DAYS_BY_HOUR = 8
/** The longest ranges, in days. */
const DAYS_MAX = { hour: 31, day: 400 } as const

/**
 * How one key was used over time.
 *
 * @throws {ProblemError} not_found also for keys of other workspaces, invalid_request for a range that is none
 */
export async function getKeyUsage(
  context: ServiceContext,
  workspaceId: string,
  keyId: string,
  range: UsageRange,
): Promise<UsageView> {
  const spans = spansOf(range, context.now())
  await getKey(context, workspaceId, keyId)
  const rows = await context.database.read
    .selectFrom('key_usage_hours')
    .select((row) => [
      spanStart(spans).as('at'),
      'permission',
      'level',
      row.fn.sum<number>('allowed').as('allowed'),
      row.fn.sum<number>('denied').as('denied'),
    ])
    .where('workspace_id', '=', workspaceId)
    .where('key_id', '=', keyId)
    .where('hour', '>=', spans.since)
    .where('hour', '<', spans.until)
    .groupBy([spanStart(spans), 'permission', 'level'])
    .orderBy('at')
    .orderBy('permission')
    .orderBy('level')
    .execute()
  return viewUsage(spans, rows)
}

/**
 * How all keys of a workspace together were used over time.
 *
 * @throws {ProblemError} invalid_request for a range that is none
 */
export async function getUsage(
  context: ServiceContext,
  workspaceId: string,
  range: UsageRange,
): Promise<UsageView> {
  const spans = spansOf(range, context.now())
  const rows = await context.database.read
    .selectFrom('workspace_usage_hours')
    .select((row) => [
      spanStart(spans).as('at'),
      'permission',
      'level',
      row.fn.sum<number>('allowed').as('allowed'),
      row.fn.sum<number>('denied').as('denied'),
    ])
    .where('workspace_id', '=', workspaceId)
    .where('hour', '>=', spans.since)
    .where('hour', '<', spans.until)
    .groupBy([spanStart(spans), 'permission', 'level'])
    .orderBy('at')
    .orderBy('permission')
    .orderBy('level')
    .execute()
  return viewUsage(spans, rows)
}

/** A range that was checked; it begins where its first span does. */
interface Spans {
  readonly since: number
  readonly until: number
  readonly step: 'hour' | 'day'
}

function spansOf(range: UsageRange, nowSeconds: number): Spans {
  const until = range.until ?? nowSeconds
  const since = range.since ?? until - DEFAULT_DAYS * DAY_SECONDS
  const step = range.step ?? (until - since <= DAYS_BY_HOUR * DAY_SECONDS ? 'hour' : 'day')
  const field = range.since === undefined ? 'until' : 'since'
  if (since >= until)
    throw notRange(field, 'must be a time before the end of the range, which is now unless told')
  if (until - since > DAYS_MAX[step] * DAY_SECONDS) {
    throw notRange('since', `must be at most ${String(DAYS_MAX[step])} days before the end, by the ${step}`)
  }
  return { since: since - (since % STEP_SECONDS[step]), until, step }
}

function notRange(field: string, message: string): ProblemError {
  return new ProblemError('invalid_request', `Check ${field}: ${message}.`, { errors: [{ field, message }] })
}

/** The beginning of the span that an hour is in. Its number is written out: as a parameter it could not be grouped by. */
function spanStart({ step }: Spans): ReturnType<typeof sql<number>> {
  return sql<number>`hour - hour % ${sql.lit(STEP_SECONDS[step])}`
}

interface UsageRow extends Omit<UsagePoint, 'at'> {
  readonly at: number
}

function viewUsage({ since, until, step }: Spans, rows: readonly UsageRow[]): UsageView {
  return {
    since: formatTime(since),
    until: formatTime(until),
    step,
    data: rows.map((row) => ({ ...row, at: formatTime(row.at) })),
  }
}
