import type { WebhookEndpointView } from '@bitting/client'
import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import type { Cell } from '../output.js'
import { count } from '../text.js'
import { formatBoth, formatRelative } from '../times.js'
import { endpointStateCell, verdictCell, warnOfWaiting } from './endpoint-text.js'
import { endpointIdArgument } from './webhook-arguments.js'

/** `bitting webhooks show`. */
export function showEndpointCommand(context: CommandContext): Command {
  return newDataCommand(context, 'show', 'Show an endpoint: what it gets, how, and whether it arrives')
    .argument('<id>', 'id of the endpoint', endpointIdArgument)
    .action(async (id: string, { json }: { readonly json?: true }) => {
      const client = await openClient(context)
      const endpoint = await client.webhookEndpoints.get(id)
      if (json === true) {
        context.output.printJson(endpoint)
        return
      }
      context.output.printFields(fieldsOf(endpoint, context.nowMilliseconds()))
      warnOfWaiting(context, endpoint)
    })
}

type Field = readonly [label: string, ...values: Cell[]]

const REASONS = {
  gone: 'because it answered 410 Gone',
  failing: 'because it failed for days',
} as const

function fieldsOf(endpoint: WebhookEndpointView, now: number): Field[] {
  const { id, url, description, events, signatures, header_names: headers } = endpoint
  return [
    ['Address', { text: url, tone: 'strong' }],
    ['Id', id],
    ['State', endpointStateCell(endpoint)],
    ...(description === '' ? [] : [['Description', description] as const]),
    ['Events', events.join(', ')],
    ['Signatures', signatures.join(', ')],
    ...(headers.length === 0 ? [] : [['Headers', headers.join(', ')] as const]),
    ['Pace', paceOf(endpoint)],
    ...handshakeFields(endpoint, now),
    ['Public key', endpoint.public_key],
    ...keyFields(endpoint, now),
    ['Deliveries', ...deliveryCells(endpoint, now)],
    ['Probe', verdictCell(endpoint.probe), ...probeCells(endpoint, now)],
    ['Created', `${formatBoth(endpoint.created_at, now)} by ${endpoint.created_by}`],
    ...markFields(endpoint, now),
  ]
}

function paceOf({ rate_limit: rate, concurrency, ordered }: WebhookEndpointView): string {
  const limit = rate === null ? 'no rate limit' : `at most ${count(rate, 'request')} a second`
  const order = ordered ? ', those of one subject in order' : ''
  return `${limit}, ${String(concurrency)} at a time${order}`
}

function handshakeFields(endpoint: WebhookEndpointView, now: number): Field[] {
  const { handshake_at: at, require_handshake: isRequired } = endpoint
  if (at !== null) return [['Handshake', `agreed ${formatBoth(at, now)}`]]
  return isRequired ? [['Handshake', { text: 'required, and not agreed yet', tone: 'warning' }]] : []
}

function keyFields(endpoint: WebhookEndpointView, now: number): Field[] {
  const { secret_retires_at: retires, uses_newest_key: usesNewest } = endpoint
  const newest: Cell | null =
    usesNewest === null
      ? null
      : usesNewest
        ? { text: 'verifies with the newest', tone: 'good' }
        : { text: 'not known to verify with the newest', tone: 'warning' }
  return [
    ...(retires === null ? [] : [['Old secret', `retires ${formatBoth(retires, now)}`] as const]),
    ...(newest === null ? [] : [['Webhook key', newest] as const]),
  ]
}

function deliveryCells({ deliveries, failing_since: failing }: WebhookEndpointView, now: number): Cell[] {
  const text = `${count(deliveries.pending, 'pending', 'pending')}, ${String(deliveries.failed)} failed`
  if (failing === null) return [text]
  return [text, { text: `every attempt has failed since ${formatBoth(failing, now)}`, tone: 'bad' }]
}

function probeCells({ probe }: WebhookEndpointView, now: number): Cell[] {
  return probe === null ? [] : [formatRelative(probe.at, now), ...probe.findings]
}

function markFields({ disabled, deleted }: WebhookEndpointView, now: number): Field[] {
  const disabling =
    disabled === null
      ? null
      : disabled.reason === 'manual'
        ? `${formatBoth(disabled.at, now)} by ${disabled.by}`
        : `${formatBoth(disabled.at, now)}, ${REASONS[disabled.reason]}`
  return [
    ...(disabling === null ? [] : [['Disabled', disabling] as const]),
    ...(deleted === null ? [] : [['Deleted', `${formatBoth(deleted.at, now)} by ${deleted.by}`] as const]),
  ]
}
