import type { Command } from 'commander'
import { newCommand } from '../command.js'
import type { CommandContext } from '../context.js'
import { checkCatalogCommand } from './check.js'
import { showCatalogCommand } from './show.js'

/** `bitting catalog`: which operations of an API ask for which permission. */
export function catalogCommand(context: CommandContext): Command {
  return newCommand(context, 'catalog', 'Show and check which permission each operation needs')
    .addCommand(showCatalogCommand(context))
    .addCommand(checkCatalogCommand(context))
}
