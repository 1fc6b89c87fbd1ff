import type { KeyFilter, KeyView, Page } from '@bitting/client'
import { ENVIRONMENTS, KEY_STATES, type Environment, type KeyKind, type KeyState } from '@bitting/core'
import { Option, type Command } from 'commander'
import { limitArgument } from '../arguments.js'
import { invalidArgument, newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import type { Cell, Column } from '../output.js'
import { formatRelative } from '../times.js'
import { accessBadge, hasEnded, stateCell } from './key-text.js'

interface ListOptions {
  readonly state?: readonly KeyState[]
  readonly environment?: Environment
  readonly kind?: KeyKind
  readonly name?: string
  readonly limit?: number
  readonly all?: true
  readonly json?: true
}

/** `bitting keys list`. */
export function listKeysCommand(context: CommandContext): Command {
  return newDataCommand(context, 'list', 'List keys, newest first; ended ones too')
    .addOption(
      new Option('--state <states>', `only these, separated by commas: ${KEY_STATES.join(', ')}`).argParser(
        statesArgument,
      ),
    )
    .addOption(new Option('--environment <environment>', 'only of this environment').choices(ENVIRONMENTS))
    .addOption(new Option('--kind <kind>', 'only of this kind').choices(['api', 'management']))
    .option('--name <text>', 'only those whose name has this in it')
    .addOption(new Option('--limit <number>', 'at most so many, 1 to 100').argParser(limitArgument))
    .addOption(new Option('--all', 'every key, however many there are').conflicts('limit'))
    .action(async (options: ListOptions) => {
      const page = await fetchPage(context, options)
      if (options.json === true) context.output.printJson(page)
      else printPage(context, page)
    })
}

async function fetchPage(context: CommandContext, options: ListOptions): Promise<Page<KeyView>> {
  const client = await openClient(context)
  const { state: states, environment, kind, name, limit } = options
  const filter: KeyFilter = { states, environment, kind, name }
  if (options.all !== true) return client.keys.listPage(filter, { limit })
  const data: KeyView[] = []
  for await (const key of client.keys.list(filter)) data.push(key)
  return { data, next_cursor: null }
}

function printPage({ output, nowMilliseconds }: CommandContext, page: Page<KeyView>): void {
  if (page.data.length === 0) {
    output.note('no key is like this', '`bitting keys create` makes one')
    return
  }
  const columns: Column[] = [
    { title: 'name', fit: 'cut' },
    { title: 'id' },
    { title: 'environment' },
    { title: 'access', fit: 'cut' },
    { title: 'state' },
    { title: 'last used' },
    { title: 'expires', fit: 'drop' },
  ]
  output.printTable(
    columns,
    page.data.map((key) => rowOf(key, nowMilliseconds())),
  )
  if (page.next_cursor !== null) output.note('there are more keys', '--all lists every one')
}

function rowOf(key: KeyView, now: number): Cell[] {
  const ended = hasEnded(key)
  const cell = (text: string): Cell => (ended ? { text, tone: 'faint' } : text)
  const time = (text: string | null, none: string): Cell =>
    cell(text === null ? none : formatRelative(text, now))
  return [
    cell(key.name),
    cell(key.id),
    cell(key.environment),
    cell(accessBadge(key)),
    stateCell(key.state),
    time(key.last_used_at, 'never'),
    ended ? cell('–') : time(key.expires_at, 'never'),
  ]
}

function statesArgument(text: string): KeyState[] {
  return text.split(',').map((part) => {
    const state = KEY_STATES.find((candidate) => candidate === part.trim())
    if (state !== undefined) return state
    throw invalidArgument(`Write ${KEY_STATES.join(', ')}, or several with commas between.`)
  })
}
