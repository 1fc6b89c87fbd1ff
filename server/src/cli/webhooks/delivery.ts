import type { WebhookAttemptView, WebhookDeliveryDetail } from '@bitting/client'
import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import type { Cell, Column } from '../output.js'
import { formatBoth, formatExact } from '../times.js'
import { deliveryStateCell, printBody } from './delivery-text.js'
import { endpointIdArgument, eventIdArgument } from './webhook-arguments.js'

const ATTEMPT_COLUMNS: readonly Column[] = [
  { title: 'try' },
  { title: 'time' },
  { title: 'took' },
  { title: 'answer' },
  { title: 'response', fit: 'cut' },
  { title: 'signed with', fit: 'drop' },
]

/** `bitting webhooks delivery`. */
export function showDeliveryCommand(context: CommandContext): Command {
  return newDataCommand(context, 'delivery', 'Show what was sent to an endpoint, and what it answered')
    .argument('<id>', 'id of the endpoint', endpointIdArgument)
    .argument('<event>', 'id of the event', eventIdArgument)
    .action(async (id: string, event: string, { json }: { readonly json?: true }) => {
      const client = await openClient(context)
      const delivery = await client.webhookEndpoints.delivery(id, event)
      if (json === true) context.output.printJson(delivery)
      else printDelivery(context, delivery)
    })
}

function printDelivery({ output, nowMilliseconds }: CommandContext, delivery: WebhookDeliveryDetail): void {
  const now = nowMilliseconds()
  const { finished_at: finished, next_attempt_at: next, subject } = delivery
  output.printFields([
    ['Event', delivery.event_id],
    ['Endpoint', delivery.endpoint_id],
    ['Type', { text: delivery.type, tone: 'strong' }],
    ...(subject === null ? [] : [['Subject', subject] as const]),
    ['State', deliveryStateCell(delivery.state)],
    ['Created', formatBoth(delivery.created_at, now)],
    ...(finished === null ? [] : [['Ended', formatBoth(finished, now)] as const]),
    ...(next === null ? [] : [['Next try', formatBoth(next, now)] as const]),
  ])
  if (delivery.log.length > 0) {
    output.print('')
    output.printTable(ATTEMPT_COLUMNS, delivery.log.map(rowOf))
  }
  printBody(output, delivery.content_type, delivery.body)
}

function rowOf(attempt: WebhookAttemptView): Cell[] {
  const { number, at, duration_ms: duration, status, error, response, signed_with: secret } = attempt
  const isTaken = status !== null && status >= 200 && status <= 299
  const answer = status === null ? (error ?? 'none').replaceAll('_', ' ') : String(status)
  return [
    String(number),
    formatExact(at),
    `${duration.toLocaleString('en')} ms`,
    { text: answer, tone: isTaken ? 'good' : 'bad' },
    response,
    secret ?? '–',
  ]
}
