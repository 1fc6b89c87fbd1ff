import type { CatalogView, KeyView, ManagementClient } from '@bitting/client'
import { accessIncludes, LEVEL_TITLES, levelOf, rankOf, type Access } from '@bitting/core'
import type { Command } from 'commander'
import { addAccessOptions, readAccess, requireAccess, type AccessOptions } from '../access-options.js'
import { keyIdArgument } from '../arguments.js'
import { CommandError, usageError } from '../command-error.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import type { Cell, Tone } from '../output.js'
import { printChange } from './change.js'
import { keyTitle } from './key-text.js'

interface RestrictOptions extends AccessOptions {
  readonly yes?: true
  readonly json?: true
}

/** `bitting keys restrict`. */
export function restrictKeyCommand(context: CommandContext): Command {
  const command = newDataCommand(
    context,
    'restrict',
    'Change what a key may do, showing it before and after',
  ).argument('<id>', 'id of the key', keyIdArgument)
  return addAccessOptions(command)
    .option('--yes', 'give more than before without being asked')
    .action((id: string, options: RestrictOptions) => restrict(context, id, options))
}

async function restrict(context: CommandContext, id: string, options: RestrictOptions): Promise<void> {
  requireAccess(options)
  const client = await openClient(context)
  const after = await readAccess(options, client)
  const key = await client.keys.get(id)
  const widens = !accessIncludes(key.access, after)
  if (!widens && accessIncludes(after, key.access)) {
    context.output.note(`${keyTitle(key)} has just this access already; nothing was changed`)
    if (options.json === true) context.output.printJson(key)
    return
  }
  if (options.json !== true) await printDifference(context, client, key, after)
  if (widens && options.yes !== true) await askForMore(context, key)
  const updated = await client.keys.update(id, { access: after }, key.version)
  printChange(context, options, updated, widens ? 'changed' : 'restricted')
}

async function askForMore({ input }: CommandContext, key: KeyView): Promise<void> {
  const consent = await input.askConsent(`Let ${keyTitle(key)} do more than before?`)
  if (consent === true) return
  if (consent === false) throw new CommandError('the key stays as it is')
  throw usageError(
    'this gives the key more than before, and there is nobody to ask',
    'say that it is meant: --yes',
  )
}

async function printDifference(
  { output }: CommandContext,
  client: ManagementClient,
  key: KeyView,
  after: Access,
): Promise<void> {
  const titles = titlesOf(key, after, key.kind === 'api' ? await client.catalog.get() : null)
  const levels = titles.map(([id, title]) => {
    const [from, to] = [levelOf(key.access, id), levelOf(after, id)]
    return rowOf(title, LEVEL_TITLES[from], LEVEL_TITLES[to], rankOf(to) - rankOf(from))
  })
  const rest = (access: Access): string => (access === 'full' ? 'Allowed' : 'Denied')
  const restChange = Number(after === 'full') - Number(key.access === 'full')
  output.printTable(
    [{ title: 'permission' }, { title: 'before' }, { title: 'after' }, { title: '' }],
    [...levels, rowOf('Everything else', rest(key.access), rest(after), restChange)],
  )
}

/** The permissions to compare: those of the catalog, or of a management key those that it names. */
function titlesOf(key: KeyView, after: Access, catalog: CatalogView | null): (readonly [string, string])[] {
  if (catalog !== null) {
    return catalog.sections.flatMap(({ permissions }) =>
      permissions.map(({ id, title }) => [id, title] as const),
    )
  }
  const named = [key.access, after].flatMap((access) => (access === 'full' ? [] : Object.keys(access)))
  return [...new Set(named)].sort().map((id) => [id, id])
}

function rowOf(title: string, before: string, after: string, change: number): Cell[] {
  const tone: Tone = change > 0 ? 'warning' : change < 0 ? 'good' : 'faint'
  const mark = change > 0 ? 'more' : change < 0 ? 'less' : ''
  return [
    { text: title, tone: change === 0 ? 'faint' : 'plain' },
    { text: before, tone: 'faint' },
    { text: after, tone },
    { text: mark, tone },
  ]
}
