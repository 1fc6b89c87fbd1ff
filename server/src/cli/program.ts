import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { auditCommand } from './audit/audit.js'
import { bootstrapCommand } from './bootstrap.js'
import { catalogCommand } from './catalog/catalog.js'
import { newCommand } from './command.js'
import type { CommandContext } from './context.js'
import { doctorCommand } from './doctor/doctor.js'
import { eventsCommand } from './events/events.js'
import { keysCommand } from './keys/keys.js'
import { membersCommand } from './members/members.js'
import { serveCommand } from './serve.js'
import { verifyCommand } from './verify.js'
import { webhookKeyCommand } from './webhook-key/webhook-key.js'
import { webhooksCommand } from './webhooks/webhooks.js'
import { workspacesCommand } from './workspaces/workspaces.js'

const EXAMPLES = `
Examples:
  $ bitting serve
  $ bitting bootstrap
  $ export BITTING_MANAGEMENT_KEY_FILE=~/.config/bitting/key
  $ bitting keys create "CRM sync" --environment production --allow history:read
  $ bitting keys rotate key_4Zr0qN1b8Xc2D --overlap 24h
  $ bitting verify --method POST --path /v2/create-phone-call < token
  $ bitting audit list --since 1h --outcome failure
  $ bitting webhooks probe whe_4Zr0qN1b8Xc2D

Environment:
  BITTING_URL                   the management API (http://127.0.0.1:4700)
  BITTING_MANAGEMENT_KEY_FILE   file of the key to call it with; without it you are asked
  NO_COLOR                      no colours

Every command ends with 0 when it did what was asked; docs/cli.md lists the other numbers.
`

/** The whole tree of commands. */
export function createProgram(context: CommandContext): Command {
  const program = newCommand(context, 'bitting', 'API keys, each cut to what it should open.')
    .version(readVersion(), '-V, --version', 'show the version')
    .addHelpText('after', EXAMPLES)
  program.commandsGroup('On the machine of the server:')
  program.addCommand(serveCommand(context))
  program.addCommand(bootstrapCommand(context))
  program.addCommand(workspacesCommand(context))
  program.addCommand(membersCommand(context))
  program.addCommand(doctorCommand(context))
  program.commandsGroup('With a management key, from anywhere:')
  program.addCommand(keysCommand(context))
  program.addCommand(verifyCommand(context))
  program.addCommand(auditCommand(context))
  program.addCommand(webhooksCommand(context))
  program.addCommand(webhookKeyCommand(context))
  program.addCommand(eventsCommand(context))
  program.addCommand(catalogCommand(context))
  return program
}

function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return manifest.version
}
