import { hash } from 'node:crypto'
import { newToken, secretIdOf, tokenPrefix, type Environment, type KeyKind } from '@bitting/core'
import type { Transaction } from 'kysely'
import { secretSealingContext } from '../../storage/columns.js'
import type { Schema } from '../../storage/schema.js'
import type { ServiceContext } from '../context.js'

/** The key that a new secret is for. */
export interface SecretOwner {
  readonly workspaceId: string
  readonly keyId: string
  readonly kind: KeyKind
  readonly environment: Environment
}

/**
 * Adds a secret to a key and returns its token, the only time it exists outside the caller's hands. Only the sealed
 * SHA-256 of the token is stored.
 */
export async function addSecret(
  tx: Transaction<Schema>,
  context: ServiceContext,
  owner: SecretOwner,
  generation: number,
): Promise<string> {
  const secretId = secretIdOf(owner.keyId, generation)
  const prefix = tokenPrefix(context.tokenBrand, owner.kind, owner.environment)
  const token = newToken(prefix, secretId, context.randomBytes)
  const digest = Buffer.from(hash('sha256', token, 'binary'), 'latin1')
  await tx
    .insertInto('secrets')
    .values({
      id: secretId,
      workspace_id: owner.workspaceId,
      key_id: owner.keyId,
      generation,
      sealed_digest: context.sealer.seal(digest, secretSealingContext(owner.workspaceId, secretId)),
      prefix,
      created_at: context.now(),
      retires_at: null,
      destroyed_at: null,
    })
    .execute()
  return token
}

/** Erases the digests of all secrets of a key. The rows stay as tombstones. */
export async function destroySecrets(
  tx: Transaction<Schema>,
  context: ServiceContext,
  workspaceId: string,
  keyId: string,
): Promise<void> {
  await tx
    .updateTable('secrets')
    .set({ sealed_digest: null, destroyed_at: context.now() })
    .where('workspace_id', '=', workspaceId)
    .where('key_id', '=', keyId)
    .where('destroyed_at', 'is', null)
    .execute()
}

/**
 * Makes room for a key's new secret: what has retired is destroyed, what is retiring retires now, and the current one
 * retires at the time given. A secret that retired with this rotation keeps its digest until the next, so that whoever
 * still holds it is told why it is refused.
 */
export async function retireSecrets(
  tx: Transaction<Schema>,
  context: ServiceContext,
  workspaceId: string,
  keyId: string,
  retiresAt: number,
): Promise<void> {
  const now = context.now()
  const secrets = tx
    .updateTable('secrets')
    .where('workspace_id', '=', workspaceId)
    .where('key_id', '=', keyId)
    .where('destroyed_at', 'is', null)
  await secrets.set({ sealed_digest: null, destroyed_at: now }).where('retires_at', '<=', now).execute()
  await secrets.set({ retires_at: now }).where('retires_at', '>', now).execute()
  await secrets.set({ retires_at: retiresAt }).where('retires_at', 'is', null).execute()
}
