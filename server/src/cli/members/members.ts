import type { Command } from 'commander'
import { newCommand } from '../command.js'
import type { CommandContext } from '../context.js'
import { inviteMemberCommand } from './invite.js'
import { listMembersCommand } from './list.js'

/** `bitting members`: the people of a workspace, for whoever runs the installation. */
export function membersCommand(context: CommandContext): Command {
  return newCommand(context, 'members', 'Invite and list the people of a workspace')
    .addCommand(inviteMemberCommand(context))
    .addCommand(listMembersCommand(context))
}
