import type { CatalogView } from '@bitting/client'
import type { Catalog } from '@bitting/core'
import { readConfig } from '../../config.js'
import type { CommandContext } from '../context.js'

/**
 * Reads a catalog: a file, one of the two that ship by its name, or what the settings say.
 *
 * @throws {Error} with every flaw of the text and its line
 */
export async function readCatalog(context: CommandContext, source: string | undefined): Promise<Catalog> {
  const { loadCatalog, shippedCatalog } = await import('../../installation.js')
  if (source === 'retell' || source === 'bitting') return loadCatalog(shippedCatalog(source))
  return loadCatalog(source ?? readConfig(context.variables).catalogFile ?? shippedCatalog('retell'))
}

/** A catalog as the management API shows it. */
export function viewCatalog({ id, title, sections, operations }: Catalog): CatalogView {
  return {
    id,
    title,
    sections,
    operations: operations.map(({ name, method, template, requirement }) => ({
      name,
      method,
      path: template,
      permission: requirement.kind === 'level' ? requirement.permission : requirement.kind,
      level: requirement.kind === 'level' ? requirement.level : null,
    })),
    overlay: [],
  }
}
