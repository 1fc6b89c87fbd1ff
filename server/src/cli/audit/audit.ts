import type { Command } from 'commander'
import { newCommand } from '../command.js'
import type { CommandContext } from '../context.js'
import { checkpointCommand } from './checkpoint.js'
import { exportAuditCommand } from './export.js'
import { listAuditCommand } from './list.js'
import { proveAuditCommand } from './prove.js'
import { tailAuditCommand } from './tail.js'
import { verifyAuditCommand } from './verify.js'

/** `bitting audit`: the audit log of a workspace, and the proofs of it. */
export function auditCommand(context: CommandContext): Command {
  const command = newCommand(context, 'audit', 'Read, export and verify the audit log')
  const commands = [
    listAuditCommand,
    tailAuditCommand,
    exportAuditCommand,
    checkpointCommand,
    proveAuditCommand,
    verifyAuditCommand,
  ]
  for (const create of commands) command.addCommand(create(context))
  return command
}
