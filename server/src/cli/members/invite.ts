import { isEmail } from '../../services/people/users.js'
import { ROLES, type Role } from '@bitting/core'
import { Option, type Command } from 'commander'
import { invalidArgument, newDataCommand } from '../command.js'
import type { CommandContext } from '../context.js'
import { withLocal } from '../local.js'
import { formatRelative } from '../times.js'
import { chooseWorkspace } from './workspace.js'

interface InviteOptions {
  readonly role: Role
  readonly workspace?: string
  readonly json?: true
}

/** `bitting members invite`: the way back in for people, where nobody who could invite them is left. */
export function inviteMemberCommand(context: CommandContext): Command {
  const { output } = context
  return newDataCommand(context, 'invite', 'Invite somebody to a workspace, as an owner too')
    .argument('<email>', 'address of whoever is invited', emailArgument)
    .addOption(new Option('--role <role>', 'what they become').choices([...ROLES]).makeOptionMandatory())
    .option('--workspace <id>', 'id of the workspace (default: the oldest)')
    .action(async (email: string, { role, workspace: id, json }: InviteOptions) => {
      const { workspace, made } = await withLocal(context, async (local) => {
        const chosen = await chooseWorkspace(local, id)
        return { workspace: chosen, made: await local.inviteMember(chosen.id, email, role) }
      })
      if (json === true) {
        output.printJson(made)
        return
      }
      const { invitation, url } = made
      output.printFields([
        ['Workspace', `${workspace.name} (${workspace.id})`],
        ['Invited', `${invitation.email}, ${invitation.role}`],
        ['Link', { text: url, tone: 'strong' }],
        ['Expires', formatRelative(invitation.expires_at, context.nowMilliseconds())],
      ])
      output.warn(
        'whoever opens the link joins; it works once and is stored nowhere',
        'send it to that person alone; an older link to the same address has ended',
      )
    })
}

/** Reads the argument that is an e-mail address, as the management API takes them. */
function emailArgument(text: string): string {
  if (text.length <= 254 && isEmail(text)) return text
  throw invalidArgument('Write an e-mail address, ada@example.com for example.')
}
