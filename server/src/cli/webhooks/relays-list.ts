import type { WebhookRelayView } from '@bitting/client'
import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import type { Cell, Column } from '../output.js'
import { formatRelative } from '../times.js'

interface ListOptions {
  readonly deleted?: true
  readonly json?: true
}

const COLUMNS: readonly Column[] = [
  { title: 'name', fit: 'cut' },
  { title: 'id' },
  { title: 'scheme' },
  { title: 'created' },
  { title: 'path at the gateway', fit: 'drop' },
]

/** `bitting webhooks relays list`. */
export function listRelaysCommand(context: CommandContext): Command {
  return newDataCommand(context, 'list', 'List webhook relays, newest first')
    .option('--deleted', 'deleted ones too')
    .action(async ({ deleted, json }: ListOptions) => {
      const { output, nowMilliseconds } = context
      const client = await openClient(context)
      const data: WebhookRelayView[] = []
      for await (const relay of client.webhookRelays.list({ deleted })) data.push(relay)
      if (json === true) {
        output.printJson({ data, next_cursor: null })
      } else if (data.length === 0) {
        output.note('there is no webhook relay', '`bitting webhooks relays create` makes one')
      } else {
        output.printTable(
          COLUMNS,
          data.map((relay) => rowOf(relay, nowMilliseconds())),
        )
      }
    })
}

function rowOf(
  { name, id, scheme, path, created_at: created, deleted }: WebhookRelayView,
  now: number,
): Cell[] {
  const cell = (text: string): Cell => (deleted === null ? text : { text, tone: 'faint' })
  return [
    cell(name),
    cell(id),
    cell(scheme),
    cell(formatRelative(created, now)),
    cell(deleted === null ? path : `deleted ${formatRelative(deleted.at, now)}`),
  ]
}
