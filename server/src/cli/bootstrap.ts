import { dashboardUrl } from '../config.js'
import { Option, type Command } from 'commander'
import type { LocalInstallation } from '../local.js'
import { nameArgument } from './arguments.js'
import { CommandError } from './command-error.js'
import { newDataCommand } from './command.js'
import type { CommandContext } from './context.js'
import { EXIT } from './exit-codes.js'
import { withLocal } from './local.js'

const NAME = 'Default'
const RECOVERED_KEY_NAME = 'Recovered owner'

interface BootstrapOptions {
  readonly name?: string
  readonly recover?: true
  readonly json?: true
}

interface Access {
  readonly workspaceId: string
  readonly managementKey: string
}

/** `bitting bootstrap`: the first workspace and its management key, or with `--recover` a way back in. */
export function bootstrapCommand(context: CommandContext): Command {
  return newDataCommand(context, 'bootstrap', 'Make the first workspace and its management key')
    .option('--name <name>', `name of the workspace (default: ${NAME})`, nameArgument)
    .addOption(
      new Option(
        '--recover',
        'where there is a workspace: make a new full management key in the oldest',
      ).conflicts('name'),
    )
    .action(async (options: BootstrapOptions) => {
      await withLocal(context, async (local, config) => {
        const access = await bootstrap(local, options)
        const setupUrl = `${dashboardUrl(config.publicUrl)}/setup#${await local.createSetupCode()}`
        printAccess(context, options, access, setupUrl)
      })
    })
}

async function bootstrap(
  local: LocalInstallation,
  { name = NAME, recover }: BootstrapOptions,
): Promise<Access> {
  if (!(await local.isSetUp())) return local.createWorkspace(name, true)
  const [oldest] = recover === true ? await local.listWorkspaces() : []
  if (oldest !== undefined) {
    return {
      workspaceId: oldest.id,
      managementKey: await local.createOwnerKey(oldest.id, RECOVERED_KEY_NAME),
    }
  }
  throw new CommandError('there is a workspace already', {
    hint: 'use a management key that you hold; `bitting bootstrap --recover` makes a new one if it is lost',
    exitCode: EXIT.conflict,
  })
}

function printAccess(
  { output }: CommandContext,
  { json }: BootstrapOptions,
  { workspaceId, managementKey }: Access,
  setupUrl: string,
): void {
  if (json === true) {
    output.printJson({ workspace_id: workspaceId, management_key: managementKey, setup_url: setupUrl })
    return
  }
  output.printFields([
    ['Workspace', workspaceId],
    ['Management key', { text: managementKey, tone: 'strong' }],
    ['Set-up link', setupUrl],
  ])
  output.warn(
    'the key is shown once and stored nowhere; the link works once',
    'keep the key in a file that only you can read, and set BITTING_MANAGEMENT_KEY_FILE to its path',
  )
}
