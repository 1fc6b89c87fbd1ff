import { OperationMatcher, type Catalog } from '@bitting/core'
import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import type { CommandContext } from '../context.js'
import { EXIT } from '../exit-codes.js'
import type { Output } from '../output.js'
import { count } from '../text.js'
import { readOpenapi, type DocumentOperation } from './openapi.js'
import { readCatalog } from './source.js'

interface CheckOptions {
  readonly catalog?: string
  readonly json?: true
}

/** What a catalog and a document do not have in common. */
interface Comparison {
  readonly operations: number
  /** In the document alone. */
  readonly unmapped: readonly DocumentOperation[]
  /** In the catalog alone. */
  readonly absent: readonly { readonly name: string; readonly method: string; readonly path: string }[]
}

/** `bitting catalog check`. */
export function checkCatalogCommand(context: CommandContext): Command {
  return newDataCommand(context, 'check', 'Compare a catalog with the OpenAPI document of its API')
    .argument('<openapi>', 'the document, JSON or YAML')
    .option('--catalog <file>', 'a catalog file, or retell or bitting (default: BITTING_CATALOG or retell)')
    .action(async (file: string, options: CheckOptions) => {
      const catalog = await readCatalog(context, options.catalog)
      const comparison = compare(catalog, await readOpenapi(file))
      if (options.json === true) context.output.printJson(comparison)
      else printComparison(context.output, catalog, comparison)
      if (comparison.unmapped.length > 0) context.exitCode = EXIT.check_failed
    })
}

/** Asks the matcher that decides about real requests, so that what is found here is what a gateway does. */
function compare(catalog: Catalog, documented: readonly DocumentOperation[]): Comparison {
  const matcher = new OperationMatcher(catalog.operations)
  const found = documented.map(({ method, path }) =>
    matcher.match(method, path.replaceAll(/\{[^{}/]*\}/g, '~')),
  )
  const absent = catalog.operations.filter((operation) => !found.includes(operation))
  return {
    operations: documented.length,
    unmapped: documented.filter((_, index) => found[index] === null),
    absent: absent.map(({ name, method, template }) => ({ name, method, path: template })),
  }
}

function printComparison(
  output: Output,
  catalog: Catalog,
  { operations, unmapped, absent }: Comparison,
): void {
  const of = `of ${count(operations, 'operation')} of the document`
  if (unmapped.length === 0) {
    output.print({ text: `Every one ${of} is in the catalog ${catalog.id}.`, tone: 'good' })
  } else {
    output.print({ text: `Unmapped: ${String(unmapped.length)} ${of}`, tone: 'bad' })
    printList(output, unmapped)
  }
  if (absent.length > 0) {
    const verb = absent.length === 1 ? 'is' : 'are'
    const text = `Absent: ${count(absent.length, 'operation')} of the catalog ${verb} not in the document`
    output.print('', { text, tone: 'warning' })
    printList(output, absent)
  }
  if (unmapped.length > 0) {
    output.note(
      'what is unmapped is open to full keys alone',
      'put each under a permission, `any` or `full` in the catalog file, or in the overlay of a workspace',
    )
  }
}

function printList(output: Output, operations: readonly DocumentOperation[]): void {
  const width = Math.max(...operations.map(({ method }) => method.length))
  output.print(...operations.map(({ method, path }) => `  ${method.padEnd(width)}  ${path}`))
}
