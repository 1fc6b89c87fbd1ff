import type { EventView, Page } from '@bitting/client'
import { Option, type Command } from 'commander'
import { limitArgument } from '../arguments.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import type { Column } from '../output.js'
import { formatRelative } from '../times.js'
import { eventTypeArgument } from '../webhooks/webhook-arguments.js'

interface ListOptions {
  readonly type?: string
  readonly limit?: number
  readonly all?: true
  readonly json?: true
}

const COLUMNS: readonly Column[] = [
  { title: 'id' },
  { title: 'time' },
  { title: 'type', fit: 'cut' },
  { title: 'subject', fit: 'cut' },
  { title: 'source', fit: 'cut' },
]

/** `bitting events list`. */
export function listEventsCommand(context: CommandContext): Command {
  return newDataCommand(context, 'list', 'List the events that are kept, newest first')
    .option('--type <type>', 'only this type, key.revoked for example', eventTypeArgument)
    .addOption(new Option('--limit <number>', 'at most so many, 1 to 100').argParser(limitArgument))
    .addOption(new Option('--all', 'every event, however many there are').conflicts('limit'))
    .action(async (options: ListOptions) => {
      const page = await fetchPage(context, options)
      if (options.json === true) context.output.printJson(page)
      else printPage(context, page)
    })
}

async function fetchPage(
  context: CommandContext,
  { type, limit, all }: ListOptions,
): Promise<Page<EventView>> {
  const client = await openClient(context)
  if (all !== true) return client.events.listPage({ type }, { limit })
  const data: EventView[] = []
  for await (const event of client.events.list({ type })) data.push(event)
  return { data, next_cursor: null }
}

function printPage({ output, nowMilliseconds }: CommandContext, page: Page<EventView>): void {
  if (page.data.length === 0) {
    output.note('no event is like this', 'old ones are not kept; `bitting events post` posts one')
    return
  }
  const rows = page.data.map(({ id, created_at: at, type, subject, source }) => [
    id,
    formatRelative(at, nowMilliseconds()),
    type,
    subject ?? '–',
    source,
  ])
  output.printTable(COLUMNS, rows)
  if (page.next_cursor !== null) output.note('there are more events', '--all lists every one')
}
