import type { NodesView } from '@bitting/client'
import { currentRevision } from '../storage/change-log.js'
import type { Database } from '../storage/database.js'
import { NODE_SILENCE_MILLISECONDS_MAX } from '../feed/node.js'

/**
 * The nodes heard from lately, and the newest revision there is: a change is in force everywhere when every node has
 * reached its revision. A node that is not heard from stops believing its keys when its lease ends.
 */
export async function listNodes(database: Database, nowMilliseconds: number): Promise<NodesView> {
  const rows = await database.read
    .selectFrom('nodes')
    .selectAll()
    .where('seen_at_ms', '>', nowMilliseconds - NODE_SILENCE_MILLISECONDS_MAX)
    .orderBy('id')
    .execute()
  return {
    revision: await currentRevision(database.read),
    nodes: rows.map((row) => ({
      id: row.id,
      revision: row.revision,
      seen_at: new Date(row.seen_at_ms).toISOString(),
      started_at: new Date(row.started_at_ms).toISOString(),
    })),
  }
}
