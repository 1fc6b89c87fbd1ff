import type { Command } from 'commander'
import { keyIdArgument } from '../arguments.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { printChange, type ChangeOptions } from './change.js'

interface RevokeOptions extends ChangeOptions {
  readonly compromised?: true
}

/** `bitting keys revoke`. */
export function revokeKeyCommand(context: CommandContext): Command {
  return newDataCommand(context, 'revoke', 'End a key for good; its record stays')
    .argument('<id>', 'id of the key', keyIdArgument)
    .option('--reason <text>', 'why, for the audit log')
    .option('--compromised', 'its token leaked')
    .action(async (id: string, options: RevokeOptions) => {
      const client = await openClient(context)
      const { reason, compromised } = options
      const key = await client.keys.revoke(id, { reason, compromised })
      printChange(context, options, key, 'revoked', compromised === true ? ' as compromised' : '')
    })
}
