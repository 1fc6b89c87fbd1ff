import type { WebhookEndpointView } from '@bitting/client'
import { ProblemError } from '@bitting/core'
import type { Actor } from '../../audit/actor.js'
import { endpointSecretContext, secretText } from '../../webhooks/signing-keys.js'
import type { ServiceContext } from '../context.js'
import { formatTime } from '../keys/record.js'
import type { IdempotentRequest, Mutated } from '../mutate.js'
import { SECRET_BYTES } from './create-endpoint.js'
import { changeEndpoint, findLiveEndpoint } from './find-endpoint.js'

/** How an endpoint's own secret is to be rotated. */
export interface RotateSecretInput {
  /** How long the old secret signs too, in seconds; 0 ends it at once. */
  readonly overlapSeconds: number
  /** The version that the caller saw, null to rotate whatever is there. */
  readonly version: number | null
}

/**
 * Gives an endpoint a new secret and a new Ed25519 key. The old ones sign beside them for the overlap; what was retiring
 * before ends now.
 *
 * @throws {ProblemError} not_found, version_conflict, state_conflict
 */
export async function rotateSecret(
  context: ServiceContext,
  actor: Actor,
  id: string,
  { overlapSeconds, version }: RotateSecretInput,
  idempotency: IdempotentRequest | null = null,
): Promise<Mutated<WebhookEndpointView>> {
  return context.mutate({ actor, operation: 'rotateWebhookSecret', idempotency }, async (tx) => {
    const { workspaceId } = actor
    const row = await findLiveEndpoint(tx, workspaceId, id, version)
    const overlaps = overlapSeconds > 0
    const retiresAt = overlaps ? context.now() + overlapSeconds : null
    const generation = row.generation + 1
    const secret = context.randomBytes(SECRET_BYTES)
    const result = await changeEndpoint(context, tx, row, {
      generation,
      sealed_secret: context.sealer.seal(secret, endpointSecretContext(workspaceId, id, generation)),
      sealed_retiring_secret: overlaps ? row.sealed_secret : null,
      secret_retires_at: retiresAt,
    })
    return {
      result,
      token: secretText(secret),
      audit: {
        action: 'webhook_endpoint.rotate',
        resource: { type: 'webhook_endpoint', id },
        details: {
          generation,
          overlap_seconds: overlapSeconds,
          old_secret_retires_at: formatTime(retiresAt ?? context.now()),
        },
      },
      changed: [],
    }
  })
}

/**
 * Records that the receiver of an endpoint verifies with the newest secret of the webhook key. During an overlap it is
 * then what signs the headers that have room for one signature.
 *
 * @throws {ProblemError} not_found, version_conflict, state_conflict
 */
export async function switchKey(
  context: ServiceContext,
  actor: Actor,
  id: string,
  version: number | null,
): Promise<Mutated<WebhookEndpointView>> {
  return context.mutate({ actor, operation: 'switchWebhookKey' }, async (tx) => {
    const { workspaceId } = actor
    const row = await findLiveEndpoint(tx, workspaceId, id, version)
    const [newest] = await context.signingKeys.secrets(tx, workspaceId, context.now())
    if (newest === undefined) {
      throw new ProblemError('state_conflict', 'No webhook key is set, so there is none to switch to.')
    }
    return {
      result: await changeEndpoint(context, tx, row, { switched_to: newest.id }),
      audit: {
        action: 'webhook_endpoint.switch',
        resource: { type: 'webhook_endpoint', id },
        details: { before: row.switched_to, after: newest.id },
      },
      changed: [],
    }
  })
}
