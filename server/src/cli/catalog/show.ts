import type { CatalogView, OperationView } from '@bitting/client'
import { formatScope, type Level } from '@bitting/core'
import type { Command } from 'commander'
import { usageError } from '../command-error.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import type { Cell, Output } from '../output.js'
import { count } from '../text.js'
import { readCatalog, viewCatalog } from './source.js'

interface ShowOptions {
  readonly operations?: true
  readonly inForce?: true
  readonly json?: true
}

/** `bitting catalog show`. */
export function showCatalogCommand(context: CommandContext): Command {
  const { output } = context
  return newDataCommand(context, 'show', 'Show the permissions of an API, and what each grants access to')
    .argument(
      '[file]',
      'a catalog file, or retell or bitting for those that ship (default: BITTING_CATALOG or retell)',
    )
    .option('--operations', 'list the operations instead, and what each needs')
    .option('--in-force', 'the catalog of your workspace, with its own mappings, from the server')
    .action(async (file: string | undefined, options: ShowOptions) => {
      const catalog = await findCatalog(context, file, options)
      if (options.json === true) output.printJson(catalog)
      else if (options.operations === true) printOperations(output, catalog)
      else printPermissions(output, catalog)
    })
}

async function findCatalog(
  context: CommandContext,
  file: string | undefined,
  { inForce }: ShowOptions,
): Promise<CatalogView> {
  if (inForce !== true) return viewCatalog(await readCatalog(context, file))
  if (file === undefined) return (await openClient(context)).catalog.get()
  throw usageError('a file is not what is in force', 'leave out the file or --in-force')
}

/** The table of the API Keys page. Its levels are written as `--allow` takes them. */
function printPermissions(output: Output, { title, sections, operations }: CatalogView): void {
  const rows = sections.flatMap((section) =>
    section.permissions.map(({ id, title: permission, levels, description }, index): Cell[] => {
      const level = (wanted: 'read' | 'edit'): Cell => levelCell(id, levels, wanted)
      return [index === 0 ? section.title : '', permission, level('read'), level('edit'), description]
    }),
  )
  output.print({ text: `${title}: ${count(operations.length, 'operation')}`, tone: 'strong' }, '')
  output.printTable(
    [
      { title: 'group' },
      { title: 'permission' },
      { title: 'read' },
      { title: 'edit' },
      { title: 'grants access to', fit: 'wrap' },
    ],
    rows,
  )
}

function levelCell(id: string, levels: readonly Level[], level: 'read' | 'edit'): Cell {
  return levels.includes(level) ? formatScope(id, level) : { text: '–', tone: 'faint' }
}

function printOperations(output: Output, { operations }: CatalogView): void {
  output.printTable(
    [{ title: 'method' }, { title: 'path' }, { title: 'needs' }, { title: 'name' }],
    operations.map((operation) => [
      operation.method,
      operation.path,
      needOf(operation),
      { text: operation.name, tone: 'faint' },
    ]),
  )
}

function needOf({ permission, level }: OperationView): string {
  if (level !== null) return formatScope(permission, level)
  return permission === 'any' ? 'any key' : 'full access'
}
