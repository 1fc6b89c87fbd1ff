import type { Page, WebhookDeliveryState, WebhookDeliveryView } from '@bitting/client'
import { Option, type Command } from 'commander'
import { limitArgument } from '../arguments.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import type { Column } from '../output.js'
import { deliveryStateCell, deliveryTime } from './delivery-text.js'
import { endpointIdArgument } from './webhook-arguments.js'

interface ListOptions {
  readonly state?: WebhookDeliveryState
  readonly limit?: number
  readonly all?: true
  readonly json?: true
}

const COLUMNS: readonly Column[] = [
  { title: 'event' },
  { title: 'type', fit: 'cut' },
  { title: 'state' },
  { title: 'attempts' },
  { title: 'ended or next' },
]

/** `bitting webhooks deliveries`. */
export function listDeliveriesCommand(context: CommandContext): Command {
  return newDataCommand(context, 'deliveries', 'List what was sent to an endpoint, newest first')
    .argument('<id>', 'id of the endpoint', endpointIdArgument)
    .addOption(new Option('--state <state>', 'only these').choices(['pending', 'delivered', 'failed']))
    .addOption(new Option('--limit <number>', 'at most so many, 1 to 100').argParser(limitArgument))
    .addOption(new Option('--all', 'every delivery, however many there are').conflicts('limit'))
    .action(async (id: string, options: ListOptions) => {
      const page = await fetchPage(context, id, options)
      if (options.json === true) context.output.printJson(page)
      else printPage(context, page)
    })
}

async function fetchPage(
  context: CommandContext,
  id: string,
  { state, limit, all }: ListOptions,
): Promise<Page<WebhookDeliveryView>> {
  const client = await openClient(context)
  if (all !== true) return client.webhookEndpoints.deliveriesPage(id, { state }, { limit })
  const data: WebhookDeliveryView[] = []
  for await (const delivery of client.webhookEndpoints.deliveries(id, { state })) data.push(delivery)
  return { data, next_cursor: null }
}

function printPage({ output, nowMilliseconds }: CommandContext, page: Page<WebhookDeliveryView>): void {
  if (page.data.length === 0) {
    output.note('no delivery is like this', '`bitting webhooks test` sends one')
    return
  }
  const rows = page.data.map((delivery) => [
    delivery.event_id,
    delivery.type,
    deliveryStateCell(delivery.state),
    String(delivery.attempts),
    deliveryTime(delivery, nowMilliseconds()),
  ])
  output.printTable(COLUMNS, rows)
  if (page.next_cursor !== null) output.note('there are more deliveries', '--all lists every one')
}
