import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import type { CommandContext } from '../context.js'
import { withLocal } from '../local.js'
import { formatRelative } from '../times.js'

/** `bitting workspaces list`. */
export function listWorkspacesCommand(context: CommandContext): Command {
  const { output } = context
  return newDataCommand(context, 'list', 'List the workspaces, oldest first').action(
    async ({ json }: { readonly json?: true }) => {
      const workspaces = await withLocal(context, (local) => local.listWorkspaces())
      const data = workspaces.map(({ id, name, created_at: seconds }) => ({
        id,
        name,
        created_at: new Date(seconds * 1000).toISOString().replace('.000Z', 'Z'),
      }))
      if (json === true) {
        output.printJson({ data, next_cursor: null })
      } else if (data.length === 0) {
        output.note('there is no workspace yet', '`bitting bootstrap` makes the first')
      } else {
        output.printTable(
          [{ title: 'name', fit: 'cut' }, { title: 'id' }, { title: 'made' }],
          data.map(({ id, name, created_at: at }) => [
            name,
            id,
            formatRelative(at, context.nowMilliseconds()),
          ]),
        )
      }
    },
  )
}
