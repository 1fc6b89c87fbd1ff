import { createHmac, createSecretKey, sign, type KeyObject } from 'node:crypto'
import type { SignParts } from '@bitting/core'
import { deriveSigningKey } from '../storage/derived-key.js'
import { secretSealingContext } from '../storage/columns.js'
import type { Reader } from '../storage/database.js'
import type { Sealer } from '../storage/sealing.js'
import type { WebhookEndpointRow } from '../storage/webhook-schema.js'

/** A secret of a webhook key that signs. */
export interface WebhookSecret {
  readonly id: string
  readonly sign: SignParts
}

/** What stands before the parts of a Standard Webhooks secret and public key. */
const SECRET_PREFIX = 'whsec_'
const PUBLIC_KEY_PREFIX = 'whpk_'
const ED25519_PURPOSE = 'bitting webhook endpoints v1:'
const REMEMBERED_MAX = 10_000

/** What an endpoint's own secret is bound to, so that it cannot be moved to another endpoint. */
export function endpointSecretContext(workspaceId: string, endpointId: string, generation: number): string {
  return `webhook-secret:${workspaceId}:${endpointId}:${String(generation)}`
}

/** What an endpoint's own headers are bound to. */
export function endpointHeadersContext(workspaceId: string, endpointId: string): string {
  return `webhook-headers:${workspaceId}:${endpointId}`
}

/** An endpoint's own secret as its receiver takes it (Standard Webhooks 1.0.0). */
export function secretText(secret: Uint8Array): string {
  return SECRET_PREFIX + Buffer.from(secret).toString('base64')
}

/** HMAC-SHA256 (RFC 2104) under a key. The key is held as an object: a fresh one for each signature costs more. */
export function hmacSigner(key: Uint8Array): SignParts {
  const secret = createSecretKey(key)
  return (parts) => {
    const hmac = createHmac('sha256', secret)
    for (const part of parts) hmac.update(part)
    return hmac.digest()
  }
}

/**
 * What signs webhooks. A webhook key signs with the stored SHA-256 of its token, which HMAC would replace the longer
 * token by anyway (RFC 2104 Section 2): so a token need not be recoverable to sign.
 */
export class SigningKeys {
  readonly #rootKey: KeyObject
  readonly #sealer: Sealer
  readonly #secrets = new Map<string, WebhookSecret>()
  readonly #pairs = new Map<string, { readonly text: string; readonly sign: SignParts }>()

  constructor(rootKey: KeyObject, sealer: Sealer) {
    this.#rootKey = rootKey
    this.#sealer = sealer
  }

  /**
   * The secrets with which a workspace's webhooks are signed at a time, newest first: those of its webhook key, and
   * until an overlap ends those of the key before. Empty while delivery is off.
   */
  async secrets(read: Reader, workspaceId: string, nowSeconds: number): Promise<readonly WebhookSecret[]> {
    const chosen = await read
      .selectFrom('webhook_workspaces')
      .select(['key_id', 'previous_key_id', 'overlap_until'])
      .where('workspace_id', '=', workspaceId)
      .executeTakeFirst()
    if (chosen === undefined || chosen.key_id === null) return []
    const overlaps = chosen.previous_key_id !== null && (chosen.overlap_until ?? 0) > nowSeconds
    const keyIds = [chosen.key_id, ...(overlaps ? [chosen.previous_key_id ?? ''] : [])]
    const rows = await read
      .selectFrom('secrets')
      .innerJoin('keys', 'keys.id', 'secrets.key_id')
      .select(['secrets.id', 'secrets.key_id', 'secrets.sealed_digest', 'secrets.retires_at'])
      .where('secrets.workspace_id', '=', workspaceId)
      .where('secrets.key_id', 'in', keyIds)
      .where('keys.revoked_at', 'is', null)
      .where('keys.deleted_at', 'is', null)
      .orderBy('secrets.generation', 'desc')
      .execute()
    const good = rows.filter(({ retires_at: retiresAt }) => retiresAt === null || retiresAt > nowSeconds)
    return keyIds.flatMap((keyId) =>
      good.flatMap((row) =>
        row.key_id === keyId && row.sealed_digest !== null
          ? [this.#secret(workspaceId, row.id, row.sealed_digest)]
          : [],
      ),
    )
  }

  /** What signs with an endpoint's own secrets at a time, newest first. */
  own(row: WebhookEndpointRow, nowSeconds: number): readonly SignParts[] {
    const { workspace_id: workspaceId, id, generation } = row
    const isRetiring = (row.secret_retires_at ?? 0) > nowSeconds
    const sealed = [row.sealed_secret, ...(isRetiring ? [row.sealed_retiring_secret] : [])]
    return sealed.flatMap((value, age) => {
      if (value === null) return []
      const context = endpointSecretContext(workspaceId, id, generation - age)
      return [hmacSigner(this.#sealer.open(value, context))]
    })
  }

  /** The Ed25519 keys of an endpoint at a time, newest first; they are renewed with its secret. */
  ownPairs(row: WebhookEndpointRow, nowSeconds: number): readonly SignParts[] {
    const isRetiring = (row.secret_retires_at ?? 0) > nowSeconds
    const generations = isRetiring ? [row.generation, row.generation - 1] : [row.generation]
    return generations.map((generation) => this.#pair(row.id, generation).sign)
  }

  /** The public key of an endpoint as its receiver takes it. */
  publicKeyText(endpointId: string, generation: number): string {
    return this.#pair(endpointId, generation).text
  }

  #secret(workspaceId: string, id: string, sealed: Uint8Array): WebhookSecret {
    const known = this.#secrets.get(id)
    if (known !== undefined) return known
    const digest = this.#sealer.open(sealed, secretSealingContext(workspaceId, id))
    const secret = { id, sign: hmacSigner(digest) }
    if (this.#secrets.size >= REMEMBERED_MAX) this.#secrets.clear()
    this.#secrets.set(id, secret)
    return secret
  }

  #pair(endpointId: string, generation: number): { readonly text: string; readonly sign: SignParts } {
    const name = `${endpointId}:${String(generation)}`
    const known = this.#pairs.get(name)
    if (known !== undefined) return known
    const { privateKey, publicKey } = deriveSigningKey(this.#rootKey, ED25519_PURPOSE + name)
    const pair = {
      text: PUBLIC_KEY_PREFIX + Buffer.from(publicKey).toString('base64'),
      sign: (parts: readonly (string | Uint8Array)[]) =>
        sign(null, Buffer.concat(parts.map((part) => Buffer.from(part as string))), privateKey),
    }
    if (this.#pairs.size >= REMEMBERED_MAX) this.#pairs.clear()
    this.#pairs.set(name, pair)
    return pair
  }
}
