import { ProblemError } from '@bitting/core'
import type { Actor } from '../../audit/actor.js'
import type { ServiceContext } from '../context.js'
import type { IdempotentRequest, Mutated } from '../mutate.js'
import { findKeyRow, readKey } from './find.js'
import { requireRecent } from '../people/recent.js'
import { checkOwn, isPowerful } from './grant.js'
import { accessOf, conditionsOf } from '../../storage/columns.js'
import { formatTime, type KeyView } from './record.js'
import { addSecret, retireSecrets } from './secret.js'
import { checkVersion, requireUsable } from './update.js'

/** The longest that an old secret may stay valid beside a new one, in seconds: 30 days. */
export const OVERLAP_SECONDS_MAX: number = 30 * 24 * 3600

/** How a key is to be rotated. */
export interface RotateKeyInput {
  /** How long the old secret stays valid, 0 to {@link OVERLAP_SECONDS_MAX}. */
  readonly overlapSeconds: number
  /** The version that the caller saw, null to rotate whatever is there. */
  readonly version: number | null
}

/**
 * Gives a key a new secret; id, name, access and conditions stay. The old secret is valid for the overlap and then
 * retires; an overlap of zero retires it at once. A secret that was already retiring retires now: at most two secrets of
 * a key are good at a time.
 *
 * @throws {ProblemError} not_found, version_conflict, state_conflict, grant_exceeds_own, step_up_required
 */
export async function rotateKey(
  context: ServiceContext,
  actor: Actor,
  id: string,
  { overlapSeconds, version }: RotateKeyInput,
  idempotency: IdempotentRequest | null = null,
): Promise<Mutated<KeyView>> {
  return context.mutate({ actor, operation: 'rotateKey', idempotency }, async (tx) => {
    const { workspaceId } = actor
    const now = context.now()
    const row = await findKeyRow(tx, workspaceId, id)
    checkVersion(row, version)
    requireUsable(row, now, 'rotated')
    const { kind, environment } = row
    const access = accessOf(row.access)
    await checkOwn(tx, context, actor, { kind, environment, access, conditions: conditionsOf(row) })
    if (isPowerful({ kind, access })) requireRecent(context, actor)
    if (row.generation + 1 >= GENERATIONS_MAX) {
      throw new ProblemError(
        'state_conflict',
        'The key was rotated too often to take another secret. Create a new key.',
      )
    }
    const retiresAt = now + overlapSeconds
    await retireSecrets(tx, context, workspaceId, id, retiresAt)
    const generation = row.generation + 1
    const token = await addSecret(tx, context, { workspaceId, keyId: id, kind, environment }, generation)
    await tx
      .updateTable('keys')
      .set({ generation, version: row.version + 1, updated_at: now })
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', id)
      .execute()
    return {
      result: await readKey(tx, workspaceId, id, now),
      token,
      audit: {
        action: 'key.rotate',
        resource: { type: 'key', id },
        details: {
          generation,
          overlap_seconds: overlapSeconds,
          old_secret_retires_at: formatTime(retiresAt),
        },
      },
      changed: [{ subject: 'key', id }],
    }
  })
}

/** Three base62 digits count the secrets of a key. */
const GENERATIONS_MAX = 62 ** 3
