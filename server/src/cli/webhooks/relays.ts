import type { Command } from 'commander'
import { newCommand } from '../command.js'
import type { CommandContext } from '../context.js'
import { createRelayCommand } from './relays-create.js'
import { deleteRelayCommand } from './relays-delete.js'
import { listRelaysCommand } from './relays-list.js'

/** `bitting webhooks relays`: the addresses of the gateway that take an upstream's own webhooks. */
export function relaysCommand(context: CommandContext): Command {
  const command = newCommand(context, 'relays', 'Take the webhooks of an upstream, and pass them on')
  const commands = [listRelaysCommand, createRelayCommand, deleteRelayCommand]
  for (const create of commands) command.addCommand(create(context))
  return command
}
