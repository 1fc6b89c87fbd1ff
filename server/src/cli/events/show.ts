import type { EventDetail } from '@bitting/client'
import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { formatBoth } from '../times.js'
import { deliveryStateCell, printBody } from '../webhooks/delivery-text.js'
import { eventIdArgument } from '../webhooks/webhook-arguments.js'

/** `bitting events show`. */
export function showEventCommand(context: CommandContext): Command {
  return newDataCommand(context, 'show', 'Show an event: what is sent, and where it goes')
    .argument('<id>', 'id of the event', eventIdArgument)
    .action(async (id: string, { json }: { readonly json?: true }) => {
      const client = await openClient(context)
      const event = await client.events.get(id)
      if (json === true) context.output.printJson(event)
      else printEvent(context, event)
    })
}

function printEvent({ output, nowMilliseconds }: CommandContext, event: EventDetail): void {
  const { id, type, subject, source, created_at: at, deliveries } = event
  output.printFields([
    ['Type', { text: type, tone: 'strong' }],
    ['Id', id],
    ...(subject === null ? [] : [['Subject', subject] as const]),
    ['Source', source],
    ['Time', formatBoth(at, nowMilliseconds())],
    ...(deliveries.length > 0 ? [] : [['Goes to', 'no endpoint'] as const]),
  ])
  if (deliveries.length > 0) {
    const rows = deliveries.map(({ endpoint_id: endpoint, state, attempts }) => [
      endpoint,
      deliveryStateCell(state),
      String(attempts),
    ])
    output.print('')
    output.printTable([{ title: 'endpoint' }, { title: 'state' }, { title: 'attempts' }], rows)
  }
  printBody(output, event.content_type, event.body)
}
