import type { Command } from 'commander'
import { newCommand } from '../command.js'
import type { CommandContext } from '../context.js'
import { createWorkspaceCommand } from './create.js'
import { listWorkspacesCommand } from './list.js'

/** `bitting workspaces`: the tenants of the installation. */
export function workspacesCommand(context: CommandContext): Command {
  return newCommand(context, 'workspaces', 'Make and list workspaces')
    .addCommand(createWorkspaceCommand(context))
    .addCommand(listWorkspacesCommand(context))
}
