import type { WebhookEndpointView } from '@bitting/client'
import { ProblemError } from '@bitting/core'
import type { Actor } from '../../audit/actor.js'
import { envelope } from '../../webhooks/event.js'
import { takeForEndpoint } from '../../webhooks/outbox.js'
import { TargetLoader } from '../../webhooks/targets.js'
import type { ServiceContext } from '../context.js'
import { formatTime } from '../keys/record.js'
import type { IdempotentRequest, Mutated } from '../mutate.js'
import { changeEndpoint, findLiveEndpoint } from './find-endpoint.js'
import { requireSameUrl } from './handshake.js'
import { endpointState } from './view-endpoint.js'

/** The type of the event that somebody asks for to see whether deliveries arrive; it goes to one endpoint alone. */
export const TEST_EVENT = 'webhook_endpoint.test'

/**
 * Sends a test event to one endpoint, whatever it listens to, as any other event: signed, and again if it fails.
 *
 * @throws {ProblemError} not_found, state_conflict while the endpoint is disabled
 */
export async function sendTestEvent(
  context: ServiceContext,
  actor: Actor,
  id: string,
  idempotency: IdempotentRequest | null = null,
): Promise<Mutated<{ readonly id: string }>> {
  return context.mutate({ actor, operation: 'sendTestEvent', idempotency }, async (tx) => {
    const { workspaceId } = actor
    const row = await findLiveEndpoint(tx, workspaceId, id)
    if (row.disabled_at !== null) throw unable('disabled', 'Enable it first: PATCH {"enabled": true}.')
    const data = { webhook_endpoint_id: id, by: actor.id }
    const facts = { type: TEST_EVENT, subject: id, source: 'bitting', data }
    const event = envelope({ ...facts, atMilliseconds: context.nowMilliseconds() }, context.randomBytes)
    await takeForEndpoint(tx, workspaceId, event, id)
    return {
      result: { id: event.id },
      audit: {
        action: 'webhook_endpoint.test',
        resource: { type: 'webhook_endpoint', id },
        details: { event_id: event.id },
      },
      changed: [],
    }
  })
}

/**
 * Finds out whether the receiver of an endpoint verifies what it is sent, with requests whose signatures are missing or
 * wrong, and keeps the findings. A disabled endpoint can be probed too, before it is enabled again.
 *
 * @throws {ProblemError} not_found, state_conflict, version_conflict where the address was changed meanwhile
 */
export async function probeEndpoint(
  context: ServiceContext,
  actor: Actor,
  id: string,
): Promise<Mutated<WebhookEndpointView>> {
  const { workspaceId } = actor
  const { read } = context.database
  const found = await findLiveEndpoint(read, workspaceId, id)
  const secrets = await context.signingKeys.secrets(read, workspaceId, context.now())
  const state = endpointState({ ...found, disabled_at: null }, secrets.length > 0)
  if (state === 'awaiting_handshake') throw unable(state, 'Perform the handshake first.')
  if (state !== 'active') throw unable(state, 'Set a webhook key first: PUT /v1/webhook-key.')
  const loader = new TargetLoader(context.signingKeys, context.sealer)
  const target = loader.target(found, secrets, context.now())
  const report = await context.receivers.probe(target, context.nowMilliseconds)
  return context.mutate({ actor, operation: 'probeWebhookEndpoint' }, async (tx) => {
    const row = await findLiveEndpoint(tx, workspaceId, id)
    requireSameUrl(row, found.url)
    const at = formatTime(context.now())
    return {
      result: await changeEndpoint(context, tx, row, { probe: JSON.stringify({ ...report, at }) }),
      audit: {
        action: 'webhook_endpoint.probe',
        resource: { type: 'webhook_endpoint', id },
        details: { verdict: report.verdict },
      },
      changed: [],
    }
  })
}

function unable(state: string, remedy: string): ProblemError {
  const word = state.replaceAll('_', ' ')
  return new ProblemError('state_conflict', `The endpoint is ${word}, so nothing is sent to it. ${remedy}`, {
    members: { state },
  })
}
