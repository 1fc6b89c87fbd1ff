import type { Page, WebhookEndpointView } from '@bitting/client'
import { Option, type Command } from 'commander'
import { limitArgument } from '../arguments.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import type { Cell, Column } from '../output.js'
import { endpointStateCell, verdictCell } from './endpoint-text.js'

interface ListOptions {
  readonly deleted?: true
  readonly limit?: number
  readonly all?: true
  readonly json?: true
}

const COLUMNS: readonly Column[] = [
  { title: 'address', fit: 'cut' },
  { title: 'id' },
  { title: 'state' },
  { title: 'events', fit: 'cut' },
  { title: 'failed' },
  { title: 'probe', fit: 'drop' },
]

/** `bitting webhooks list`. */
export function listEndpointsCommand(context: CommandContext): Command {
  return newDataCommand(context, 'list', 'List webhook endpoints, newest first')
    .option('--deleted', 'deleted ones too')
    .addOption(new Option('--limit <number>', 'at most so many, 1 to 100').argParser(limitArgument))
    .addOption(new Option('--all', 'every endpoint, however many there are').conflicts('limit'))
    .action(async (options: ListOptions) => {
      const page = await fetchPage(context, options)
      if (options.json === true) context.output.printJson(page)
      else printPage(context, page)
    })
}

async function fetchPage(context: CommandContext, options: ListOptions): Promise<Page<WebhookEndpointView>> {
  const client = await openClient(context)
  const { deleted, limit, all } = options
  if (all !== true) return client.webhookEndpoints.listPage({ deleted }, { limit })
  const data: WebhookEndpointView[] = []
  for await (const endpoint of client.webhookEndpoints.list({ deleted })) data.push(endpoint)
  return { data, next_cursor: null }
}

function printPage({ output }: CommandContext, page: Page<WebhookEndpointView>): void {
  if (page.data.length === 0) {
    output.note('there is no webhook endpoint', '`bitting webhooks create` makes one')
    return
  }
  output.printTable(COLUMNS, page.data.map(rowOf))
  if (page.next_cursor !== null) output.note('there are more endpoints', '--all lists every one')
}

function rowOf(endpoint: WebhookEndpointView): Cell[] {
  const { url, id, state, events, deliveries, probe } = endpoint
  const cell = (text: string): Cell => (state === 'deleted' ? { text, tone: 'faint' } : text)
  const failed = String(deliveries.failed)
  return [
    // What nearly every address begins with says nothing.
    cell(url.replace(/^https:\/\//, '')),
    cell(id),
    endpointStateCell(endpoint),
    cell(events.join(',')),
    deliveries.failed > 0 && state !== 'deleted' ? { text: failed, tone: 'bad' } : cell(failed),
    verdictCell(probe),
  ]
}
