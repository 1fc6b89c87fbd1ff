import type { Command } from 'commander'
import { keyIdArgument } from '../arguments.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { printChange, type ChangeOptions } from './change.js'

/** `bitting keys resume`. */
export function resumeKeyCommand(context: CommandContext): Command {
  return newDataCommand(context, 'resume', 'Let a suspended key work again')
    .argument('<id>', 'id of the key', keyIdArgument)
    .option('--reason <text>', 'why, for the audit log')
    .action(async (id: string, options: ChangeOptions) => {
      const client = await openClient(context)
      const key = await client.keys.resume(id, options.reason)
      printChange(context, options, key, 'resumed')
    })
}
