import type { SignParts, WebhookScheme, WebhookSigners } from '@bitting/core'
import type { Reader } from '../storage/database.js'
import { SealError, type Sealer } from '../storage/sealing.js'
import type { WebhookEndpointRow } from '../storage/webhook-schema.js'
import { endpointHeadersContext, type SigningKeys, type WebhookSecret } from './signing-keys.js'

/** An endpoint as deliveries are made to it. */
export interface Target {
  readonly id: string
  readonly workspaceId: string
  readonly url: URL
  /** The endpoint's own, sent with every request. */
  readonly headers: Readonly<Record<string, string>>
  readonly schemes: readonly WebhookScheme[]
  /** Requests a second; null for no limit. */
  readonly rateLimit: number | null
  /** Requests at a time. */
  readonly concurrency: number
  /** Whether the events of one subject wait for one another. */
  readonly isOrdered: boolean
  /** Since when every attempt has failed, in milliseconds since 1970 UTC. */
  readonly failingSince: number | null
  /** The secrets of the webhook key to try in the headers that have room for one signature, the likeliest first. */
  readonly singles: readonly WebhookSecret[]
  /** What signs beside one another. */
  readonly several: readonly SignParts[]
  readonly ed25519: readonly SignParts[]
}

/** What signs an attempt whose lone signatures are of one secret. */
export function signersOf(target: Target, single: WebhookSecret | null): WebhookSigners {
  return { single: single?.sign ?? null, several: target.several, ed25519: target.ed25519 }
}

/** Reads endpoints with all that a delivery needs. Without a webhook key there is nothing to deliver with. */
export class TargetLoader {
  readonly #keys: SigningKeys
  readonly #sealer: Sealer
  readonly #onBroken: (error: unknown, message: string) => void
  readonly #told = new Set<string>()

  /** @param onBroken told once of every endpoint whose sealed values do not open; the others do not suffer for it */
  constructor(
    keys: SigningKeys,
    sealer: Sealer,
    onBroken: (error: unknown, message: string) => void = () => undefined,
  ) {
    this.#keys = keys
    this.#sealer = sealer
    this.#onBroken = onBroken
  }

  /** The targets of those endpoints that can be delivered to now. */
  async load(read: Reader, endpointIds: readonly string[], nowMilliseconds: number): Promise<Target[]> {
    if (endpointIds.length === 0) return []
    const rows = await read
      .selectFrom('webhook_endpoints')
      .selectAll()
      .where('id', 'in', endpointIds)
      .where('disabled_at', 'is', null)
      .where('deleted_at', 'is', null)
      .where((row) => row.or([row('handshake_required', '=', 0), row('handshake_at', 'is not', null)]))
      .execute()
    const nowSeconds = Math.floor(nowMilliseconds / 1000)
    const secretsOf = new Map<string, readonly WebhookSecret[]>()
    for (const workspaceId of new Set(rows.map((row) => row.workspace_id))) {
      const secrets = this.#keys.secrets(read, workspaceId, nowSeconds)
      secretsOf.set(workspaceId, await secrets.catch((error: unknown) => this.#tell(workspaceId, error)))
    }
    return rows.flatMap((row) => {
      const secrets = secretsOf.get(row.workspace_id) ?? []
      if (secrets.length === 0) return []
      try {
        return [this.target(row, secrets, nowSeconds)]
      } catch (error) {
        return this.#tell(row.id, error)
      }
    })
  }

  #tell(id: string, error: unknown): [] {
    // Only what does not open says so of itself; a database that failed is everybody's matter.
    if (!(error instanceof SealError)) throw error
    if (!this.#told.has(id)) this.#onBroken(error, `nothing can be delivered for ${id}: it cannot be signed`)
    this.#told.add(id)
    return []
  }

  /** The target of one endpoint, with the secrets of its workspace's webhook key, newest first. */
  target(row: WebhookEndpointRow, secrets: readonly WebhookSecret[], nowSeconds: number): Target {
    const { id, workspace_id: workspaceId } = row
    const headers =
      row.sealed_headers === null
        ? {}
        : (JSON.parse(
            Buffer.from(
              this.#sealer.open(row.sealed_headers, endpointHeadersContext(workspaceId, id)),
            ).toString(),
          ) as Record<string, string>)
    const schemes = JSON.parse(row.schemes) as WebhookScheme[]
    return {
      id,
      workspaceId,
      url: new URL(row.url),
      headers,
      schemes,
      rateLimit: row.rate_limit,
      concurrency: row.concurrency,
      isOrdered: row.ordered === 1,
      failingSince: row.failing_since_ms,
      singles: inOrderOfTrying(secrets, row.switched_to),
      several: [...secrets.map((secret) => secret.sign), ...this.#keys.own(row, nowSeconds)],
      ed25519: schemes.includes('ed25519') ? this.#keys.ownPairs(row, nowSeconds) : [],
    }
  }
}

/**
 * During an overlap a receiver of lone signatures has the secret that it is known to verify with, and where that is not
 * known the oldest, which it had before the change.
 */
function inOrderOfTrying(
  secrets: readonly WebhookSecret[],
  switchedTo: string | null,
): readonly WebhookSecret[] {
  const known = secrets.findIndex(({ id }) => id === switchedTo)
  const first = known === -1 ? secrets.length - 1 : known
  return [...secrets.slice(first, first + 1), ...secrets.filter((_, at) => at !== first)]
}
