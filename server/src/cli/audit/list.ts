import type { AuditFilter, Page } from '@bitting/client'
import type { AuditEntry } from '@bitting/core'
import { Option, type Command } from 'commander'
import { keyIdArgument, limitArgument } from '../arguments.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import type { Cell, Column } from '../output.js'
import { formatExact } from '../times.js'
import { pastTimeArgument } from './audit-arguments.js'
import { actorText, outcomeCell, resourceText } from './entry-text.js'

interface ListOptions {
  readonly action?: string
  readonly actor?: string
  readonly resource?: string
  readonly key?: string
  readonly outcome?: 'success' | 'failure'
  readonly request?: string
  readonly since?: string
  readonly until?: string
  readonly text?: string
  readonly limit?: number
  readonly all?: true
  readonly json?: true
}

const COLUMNS: readonly Column[] = [
  { title: 'index' },
  { title: 'time' },
  { title: 'actor', fit: 'cut' },
  { title: 'action' },
  { title: 'resource', fit: 'cut' },
  { title: 'outcome', fit: 'cut' },
]

/** `bitting audit list`. */
export function listAuditCommand(context: CommandContext): Command {
  const time = pastTimeArgument(context.nowMilliseconds)
  return newDataCommand(context, 'list', 'List the entries of the audit log, newest first')
    .option('--action <action>', 'only this act, key.create for example')
    .option('--actor <id>', 'only what this key or user did')
    .option('--resource <id>', 'only what was done to this')
    .option('--key <id>', 'only what this key did, and what was done to it', keyIdArgument)
    .addOption(new Option('--outcome <outcome>', 'only what ended so').choices(['success', 'failure']))
    .option('--request <id>', 'only what this request did')
    .option('--since <when>', 'only from then on: how long ago, or a time', time)
    .option('--until <when>', 'only before then', time)
    .option('--text <words>', 'only entries with all these words')
    .addOption(new Option('--limit <number>', 'at most so many, 1 to 100').argParser(limitArgument))
    .addOption(new Option('--all', 'every entry, however many there are').conflicts('limit'))
    .action(async (options: ListOptions) => {
      const page = await fetchPage(context, options)
      if (options.json === true) context.output.printJson(page)
      else printPage(context, page)
    })
}

async function fetchPage(context: CommandContext, options: ListOptions): Promise<Page<AuditEntry>> {
  const client = await openClient(context)
  const { action, actor, resource, key, outcome, request, since, until, text, limit, all } = options
  const filter: AuditFilter = {
    action,
    actor,
    resource,
    key,
    outcome,
    request_id: request,
    since,
    until,
    text,
  }
  if (all !== true) return client.audit.listPage(filter, { limit })
  const data: AuditEntry[] = []
  for await (const entry of client.audit.list(filter)) data.push(entry)
  return { data, next_cursor: null }
}

function printPage({ output }: CommandContext, { data, next_cursor: next }: Page<AuditEntry>): void {
  if (data.length === 0) {
    output.note(
      'no entry is like this',
      'retention may have deleted it; `bitting audit list` without filters shows what there is',
    )
    return
  }
  output.printTable(COLUMNS, data.map(rowOf))
  if (next !== null) output.note('there are more entries', '--all lists every one')
}

function rowOf(entry: AuditEntry): Cell[] {
  const { index, at, action } = entry
  return [String(index), formatExact(at), actorText(entry), action, resourceText(entry), outcomeCell(entry)]
}
