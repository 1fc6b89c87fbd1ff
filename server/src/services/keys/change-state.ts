import { canChange, ProblemError, unreachable, type StateChange } from '@bitting/core'
import type { Transaction, Updateable } from 'kysely'
import type { AuditAction } from '@bitting/core'
import type { KeyRow, Schema } from '../../storage/schema.js'
import type { Actor } from '../../audit/actor.js'
import type { ServiceContext } from '../context.js'
import type { IdempotentRequest, Mutated } from '../mutate.js'
import { refuseWebhookKey } from '../webhooks/webhook-key.js'
import { findKeyRow, readKey } from './find.js'
import { requireRecent } from '../people/recent.js'
import { revokeInvitationsOf } from '../people/revoke-invitations.js'
import { checkOwn, isPowerful } from './grant.js'
import { accessOf, conditionsOf } from '../../storage/columns.js'
import { stateOf, type KeyView } from './record.js'
import { destroySecrets } from './secret.js'
import { checkVersion } from './update.js'

/** A change of state, and what goes with it. */
export interface StateChangeInput {
  readonly change: StateChange
  /** Why, in the caller's words. */
  readonly reason: string | null
  /** The version that the caller saw, null to change whatever is there. */
  readonly version: number | null
  /** The name by which the caller confirms, which must be the key's own; null or absent where none is needed. */
  readonly confirmation?: { readonly name: string | null } | null
}

const OPERATIONS = {
  suspend: 'suspendKey',
  resume: 'resumeKey',
  revoke: 'revokeKey',
  compromise: 'revokeKey',
  destroy: 'deleteKey',
} as const satisfies Record<StateChange, string>

const ACTIONS = {
  suspend: 'key.suspend',
  resume: 'key.resume',
  revoke: 'key.revoke',
  compromise: 'key.revoke',
  destroy: 'key.delete',
} as const satisfies Record<StateChange, AuditAction>

/** After these a key signs no webhooks either. */
const ENDS: readonly StateChange[] = ['revoke', 'compromise', 'destroy']

/**
 * Suspends, resumes, revokes or deletes a key. Taking power away asks only for the operation; giving it back asks for
 * at least what the key has.
 *
 * @throws {ProblemError} not_found, version_conflict, confirmation_required, state_conflict, webhook_key_in_use, grant_exceeds_own,
 * step_up_required
 */
export async function changeKeyState(
  context: ServiceContext,
  actor: Actor,
  id: string,
  input: StateChangeInput,
  idempotency: IdempotentRequest | null = null,
): Promise<Mutated<KeyView>> {
  const { change, reason } = input
  return context.mutate({ actor, operation: OPERATIONS[change], idempotency }, async (tx) => {
    const { workspaceId } = actor
    const now = context.now()
    const row = await findKeyRow(tx, workspaceId, id)
    checkVersion(row, input.version)
    checkConfirmation(row, input)
    const before = stateOf(row, now)
    if (!canChange(before, change)) throw impossible(row, before, change)
    if (ENDS.includes(change)) await refuseWebhookKey(tx, workspaceId, id)
    if (change === 'destroy' && (await usedWithinADay(tx, id, now))) requireRecent(context, actor)
    if (change === 'resume') {
      const { kind, environment } = row
      const access = accessOf(row.access)
      await checkOwn(tx, context, actor, { kind, environment, access, conditions: conditionsOf(row) })
      if (isPowerful({ kind, access })) requireRecent(context, actor)
    }
    await tx
      .updateTable('keys')
      .set({ ...marksOf(row, change, actor.id, reason, now), version: row.version + 1, updated_at: now })
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', id)
      .execute()
    if (change === 'destroy') await destroySecrets(tx, context, workspaceId, id)
    const takeback = { workspaceId, createdBy: id, by: actor.id }
    const revoked = ENDS.includes(change) ? await revokeInvitationsOf(tx, context, takeback) : []
    const result = await readKey(tx, workspaceId, id, now)
    return {
      result,
      audit: {
        action: ACTIONS[change],
        resource: { type: 'key', id },
        details: {
          name: row.name,
          before,
          after: result.state,
          reason,
          ...(revoked.length > 0 && { invitations_revoked: revoked }),
        },
      },
      changed: [{ subject: 'key', id }],
    }
  })
}

const DAY_SECONDS = 86_400

/** Somebody may still depend on such a key. */
async function usedWithinADay(tx: Transaction<Schema>, keyId: string, now: number): Promise<boolean> {
  const usage = await tx
    .selectFrom('key_usage')
    .select('last_used_at')
    .where('key_id', '=', keyId)
    .executeTakeFirst()
  return (usage?.last_used_at ?? 0) > now - DAY_SECONDS
}

function checkConfirmation(row: KeyRow, { confirmation }: StateChangeInput): void {
  if (confirmation === undefined || confirmation === null || confirmation.name === row.name) return
  throw new ProblemError(
    'confirmation_required',
    'Deleting cannot be undone. Repeat the request with If-Match and the ETag of the key, or with ?confirm= and the exact name of the key.',
    { errors: [{ field: 'confirm', message: 'must be the exact name of the key' }] },
  )
}

function marksOf(
  row: KeyRow,
  change: StateChange,
  by: string,
  reason: string | null,
  now: number,
): Updateable<KeyRow> {
  switch (change) {
    case 'suspend':
      return { suspended_at: now, suspended_by: by, suspend_reason: reason }
    case 'resume':
      return { suspended_at: null, suspended_by: null, suspend_reason: null }
    case 'revoke':
      return { revoked_at: now, revoked_by: by, revoke_reason: reason, compromised: 0 }
    case 'compromise':
      return {
        revoked_at: row.revoked_at ?? now,
        revoked_by: row.revoked_by ?? by,
        revoke_reason: reason ?? row.revoke_reason,
        compromised: 1,
      }
    case 'destroy':
      return { deleted_at: now, deleted_by: by }
    default:
      return unreachable(change)
  }
}

function impossible(row: KeyRow, state: string, change: StateChange): ProblemError {
  const verb = change === 'destroy' ? 'delete' : change === 'compromise' ? 'mark as compromised' : change
  return new ProblemError(
    'state_conflict',
    `The key "${row.name}" is ${state}; it is not possible to ${verb} it.`,
    {
      members: { state },
    },
  )
}
