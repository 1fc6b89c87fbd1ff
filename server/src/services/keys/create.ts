import { newKeyId, ProblemError, type Conditions, type Environment, type KeyKind } from '@bitting/core'
import type { Actor } from '../../audit/actor.js'
import type { ServiceContext } from '../context.js'
import type { IdempotentRequest, Mutated } from '../mutate.js'
import { requireRecent } from '../people/recent.js'
import { checkAccess, checkGrant, isPowerful } from './grant.js'
import { readKey } from './find.js'
import { accessText } from '../../storage/columns.js'
import { conditionsDetails, type KeyView } from './record.js'
import { addSecret } from './secret.js'

/** What a new key is to be. */
export interface CreateKeyInput {
  readonly kind: KeyKind
  readonly name: string
  readonly environment: Environment
  /** `full`, or a list that is checked against the catalog. */
  readonly access: unknown
  readonly conditions: Conditions
  readonly note: string
}

/**
 * Creates a key with its first secret. The token comes back once.
 *
 * @throws {ProblemError} invalid_access, invalid_body, ceiling_exceeded, grant_exceeds_own, step_up_required
 */
export async function createKey(
  context: ServiceContext,
  actor: Actor,
  input: CreateKeyInput,
  idempotency: IdempotentRequest | null = null,
): Promise<Mutated<KeyView>> {
  return context.mutate({ actor, operation: 'createKey', idempotency }, async (tx) => {
    const { workspaceId } = actor
    const { kind, environment, conditions } = input
    checkTimes(conditions, context.now())
    const access = await checkAccess(tx, context, workspaceId, kind, input.access)
    await checkGrant(tx, context, actor, { kind, environment, access, conditions })
    if (isPowerful({ kind, access })) requireRecent(context, actor)
    const id = newKeyId(context.randomBytes)
    const now = context.now()
    await tx
      .insertInto('keys')
      .values({
        id,
        workspace_id: workspaceId,
        kind,
        name: input.name,
        search_name: input.name.toLowerCase(),
        environment,
        access: accessText(access),
        allowed_addresses: addressesText(conditions),
        not_before: conditions.notBefore,
        expires_at: conditions.expiresAt,
        note: input.note,
        version: 1,
        generation: 0,
        created_at: now,
        created_by: actor.id,
        updated_at: now,
        compromised: 0,
      })
      .execute()
    const token = await addSecret(tx, context, { workspaceId, keyId: id, kind, environment }, 0)
    return {
      result: await readKey(tx, workspaceId, id, now),
      token,
      audit: {
        action: 'key.create',
        resource: { type: 'key', id },
        details: { kind, name: input.name, environment, access, conditions: conditionsDetails(conditions) },
      },
      changed: [{ subject: 'key', id }],
    }
  })
}

/** How an allow-list is stored. */
export function addressesText(conditions: Conditions): string | null {
  return conditions.allowedAddresses === null ? null : JSON.stringify(conditions.allowedAddresses)
}

/**
 * Refuses times that could never let a key be used.
 *
 * @throws {ProblemError} invalid_body
 */
export function checkTimes(conditions: Conditions, nowSeconds: number): void {
  const { notBefore, expiresAt } = conditions
  if (expiresAt !== null && expiresAt <= nowSeconds) throw badTime('expires_at', 'must lie in the future')
  if (expiresAt !== null && notBefore !== null && expiresAt <= notBefore) {
    throw badTime('expires_at', 'must come after conditions.not_before')
  }
}

function badTime(field: string, message: string): ProblemError {
  return new ProblemError('invalid_body', `${field} ${message}.`, { errors: [{ field, message }] })
}
