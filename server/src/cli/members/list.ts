import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import type { CommandContext } from '../context.js'
import { withLocal } from '../local.js'
import { formatRelative } from '../times.js'
import { chooseWorkspace } from './workspace.js'

interface ListOptions {
  readonly workspace?: string
  readonly json?: true
}

/** `bitting members list`. */
export function listMembersCommand(context: CommandContext): Command {
  const { output } = context
  return newDataCommand(context, 'list', 'List the people of a workspace')
    .option('--workspace <id>', 'id of the workspace (default: the oldest)')
    .action(async ({ workspace: id, json }: ListOptions) => {
      const data = await withLocal(context, async (local) =>
        local.listMembers((await chooseWorkspace(local, id)).id),
      )
      if (json === true) {
        output.printJson({ data, next_cursor: null })
      } else if (data.length === 0) {
        output.note('nobody is in the workspace yet', '`bitting members invite` invites somebody')
      } else {
        const now = context.nowMilliseconds()
        output.printTable(
          [{ title: 'name', fit: 'cut' }, { title: 'e-mail' }, { title: 'role' }, { title: 'last seen' }],
          data.map(({ name, email, role, last_seen_at: at }) => [
            name,
            email,
            role,
            at === null ? 'never' : formatRelative(at, now),
          ]),
        )
      }
    })
}
