import type { Command } from 'commander'
import { nameArgument } from '../arguments.js'
import { newDataCommand } from '../command.js'
import type { CommandContext } from '../context.js'
import { withLocal } from '../local.js'

/** `bitting workspaces create`. */
export function createWorkspaceCommand(context: CommandContext): Command {
  const { output } = context
  return newDataCommand(context, 'create', 'Make a workspace and its first management key')
    .argument('<name>', 'name of the workspace', nameArgument)
    .action(async (name: string, { json }: { readonly json?: true }) => {
      const created = await withLocal(context, (local) => local.createWorkspace(name))
      if (json === true) {
        output.printJson({ workspace_id: created.workspaceId, management_key: created.managementKey })
        return
      }
      output.printFields([
        ['Workspace', created.workspaceId],
        ['Management key', { text: created.managementKey, tone: 'strong' }],
      ])
      output.warn(
        'the key is shown once and stored nowhere',
        'hand it to the owner of the workspace and to nobody else',
      )
    })
}
