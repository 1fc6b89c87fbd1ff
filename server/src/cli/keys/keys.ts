import type { Command } from 'commander'
import { newCommand } from '../command.js'
import type { CommandContext } from '../context.js'
import { createKeyCommand } from './create.js'
import { deleteKeyCommand } from './delete.js'
import { listKeysCommand } from './list.js'
import { restrictKeyCommand } from './restrict.js'
import { resumeKeyCommand } from './resume.js'
import { revokeKeyCommand } from './revoke.js'
import { rotateKeyCommand } from './rotate.js'
import { showKeyCommand } from './show.js'
import { suspendKeyCommand } from './suspend.js'

/** `bitting keys`: the keys of a workspace, through the management API. */
export function keysCommand(context: CommandContext): Command {
  const command = newCommand(context, 'keys', 'Create, restrict, rotate and end keys')
  const commands = [
    listKeysCommand,
    showKeyCommand,
    createKeyCommand,
    restrictKeyCommand,
    rotateKeyCommand,
    suspendKeyCommand,
    resumeKeyCommand,
    revokeKeyCommand,
    deleteKeyCommand,
  ]
  for (const create of commands) command.addCommand(create(context))
  return command
}
