import { isUsable, ProblemError, type Conditions } from '@bitting/core'
import type { KeyRow } from '../../storage/schema.js'
import type { Actor } from '../../audit/actor.js'
import type { ServiceContext } from '../context.js'
import type { Mutated } from '../mutate.js'
import { addressesText, checkTimes } from './create.js'
import { findKeyRow, readKey } from './find.js'
import { requireRecent } from '../people/recent.js'
import { checkAccess, checkGrant, checkOwn, isPowerful } from './grant.js'
import { accessOf, accessText, conditionsOf } from '../../storage/columns.js'
import { conditionsDetails, stateOf, type KeyView } from './record.js'

/** What to change of a key. Absent members stay as they are. */
export interface UpdateKeyInput {
  readonly name?: string | undefined
  /** `full`, or a whole new list; levels that it does not name become No Access. */
  readonly access?: unknown
  readonly allowedAddresses?: readonly string[] | null | undefined
  readonly notBefore?: number | null | undefined
  readonly expiresAt?: number | null | undefined
  readonly note?: string | undefined
}

/**
 * Edits a key. Whoever edits must have at least what the key has before and after: otherwise an edit of a stronger
 * key's conditions would be a way around.
 *
 * @param version the version that the caller saw, null to change whatever is there
 * @throws {ProblemError} not_found, version_conflict, state_conflict, invalid_access, invalid_body, ceiling_exceeded,
 * grant_exceeds_own, step_up_required
 */
export async function updateKey(
  context: ServiceContext,
  actor: Actor,
  id: string,
  input: UpdateKeyInput,
  version: number | null,
): Promise<Mutated<KeyView>> {
  return context.mutate({ actor, operation: 'updateKey' }, async (tx) => {
    const { workspaceId } = actor
    const now = context.now()
    const row = await findKeyRow(tx, workspaceId, id)
    checkVersion(row, version)
    requireUsable(row, now, 'edited')
    const { kind, environment } = row
    const before = { kind, environment, access: accessOf(row.access), conditions: conditionsOf(row) }
    const conditions = changedConditions(before.conditions, input)
    const access =
      input.access === undefined
        ? before.access
        : await checkAccess(tx, context, workspaceId, kind, input.access)
    if (conditionsDiffer(before.conditions, conditions)) checkTimes(conditions, now)
    await checkOwn(tx, context, actor, before)
    await checkGrant(tx, context, actor, { kind, environment, access, conditions })
    if (isPowerful({ kind, access })) requireRecent(context, actor)
    const name = input.name ?? row.name
    await tx
      .updateTable('keys')
      .set({
        name,
        search_name: name.toLowerCase(),
        access: accessText(access),
        allowed_addresses: addressesText(conditions),
        not_before: conditions.notBefore,
        expires_at: conditions.expiresAt,
        note: input.note ?? row.note,
        version: row.version + 1,
        updated_at: now,
      })
      .where('workspace_id', '=', workspaceId)
      .where('id', '=', id)
      .execute()
    const details = {
      before: { name: row.name, access: before.access, conditions: conditionsDetails(before.conditions) },
      after: { name, access, conditions: conditionsDetails(conditions) },
    }
    return {
      result: await readKey(tx, workspaceId, id, now),
      audit: {
        action: 'key.update',
        resource: { type: 'key', id },
        details,
      },
      changed: [{ subject: 'key', id }],
    }
  })
}

/**
 * Refuses a change by somebody who saw an older version.
 *
 * @throws {ProblemError} version_conflict
 */
export function checkVersion(row: KeyRow, version: number | null): void {
  if (version === null || version === row.version) return
  throw new ProblemError(
    'version_conflict',
    `The key was changed since you read it: it is at version ${String(row.version)}, you named ${String(version)}. Read it again, then repeat the change.`,
  )
}

/**
 * Refuses a change of a key that can never be used again.
 *
 * @throws {ProblemError} state_conflict
 */
export function requireUsable(row: KeyRow, nowSeconds: number, done: string): void {
  const state = stateOf(row, nowSeconds)
  const expired = state === 'deactivated' && row.revoked_at === null
  if (isUsable(state) || (expired && done === 'edited')) return
  throw new ProblemError(
    'state_conflict',
    `The key is ${state}, so it cannot be ${done}. Create a new key instead.`,
    { members: { state } },
  )
}

function changedConditions(before: Conditions, input: UpdateKeyInput): Conditions {
  return {
    allowedAddresses: input.allowedAddresses === undefined ? before.allowedAddresses : input.allowedAddresses,
    notBefore: input.notBefore === undefined ? before.notBefore : input.notBefore,
    expiresAt: input.expiresAt === undefined ? before.expiresAt : input.expiresAt,
  }
}

function conditionsDiffer(before: Conditions, after: Conditions): boolean {
  return before.notBefore !== after.notBefore || before.expiresAt !== after.expiresAt
}
