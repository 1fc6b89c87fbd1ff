import { sql } from 'kysely'
import { HOUR_SECONDS } from '../../feed/usage.js'
import type { Reader } from '../../storage/database.js'
import { ATTENTION_LIMITS, DAY_SECONDS } from './attention-rules.js'

/** A key that was refused far more than it is wont to be. */
export interface DeniedSpike {
  readonly id: string
  readonly name: string
  /** Denials of the last 24 hours. */
  readonly denied: number
  /** Denials of the days before. */
  readonly before: number
}

/**
 * The keys of a workspace with a spike of denials, the highest first. Suspended and expired ones too: somebody still
 * calls with them. Few hours have a denial at all, and those alone are read; of the keys themselves, those with a spike.
 */
export async function deniedSpikes(
  read: Reader,
  workspaceId: string,
  nowSeconds: number,
): Promise<readonly DeniedSpike[]> {
  const { denied_spike_least: least, denied_spike_times: times, denied_spike_days: days } = ATTENTION_LIMITS
  // The hour that is under way is one of the 24.
  const begin = nowSeconds - (nowSeconds % HOUR_SECONDS) - 23 * HOUR_SECONDS
  const recent = sql<number>`sum(case when hour >= ${sql.lit(begin)} then denied else 0 end)`
  const before = sql<number>`sum(case when hour < ${sql.lit(begin)} then denied else 0 end)`
  const spikes = read
    .selectFrom('key_usage_hours')
    .select(['key_id', recent.as('denied'), before.as('before')])
    .where('workspace_id', '=', workspaceId)
    .where('denied', '>', 0)
    .where('hour', '>=', begin - days * DAY_SECONDS)
    .groupBy('key_id')
    .having(recent, '>=', least)
    .having(sql<boolean>`${recent} * ${sql.lit(days)} > ${before} * ${sql.lit(times)}`)
  return read
    .selectFrom(spikes.as('spikes'))
    .innerJoin('keys', 'keys.id', 'spikes.key_id')
    .select(['keys.id', 'keys.name', 'spikes.denied', 'spikes.before'])
    .where('keys.workspace_id', '=', workspaceId)
    .where('keys.deleted_at', 'is', null)
    .orderBy('spikes.denied', 'desc')
    .orderBy('keys.id')
    .execute()
}
