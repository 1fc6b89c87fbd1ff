import type { DeleteCondition, KeyView, ManagementClient } from '@bitting/client'
import type { Command } from 'commander'
import { keyIdArgument } from '../arguments.js'
import { CommandError, usageError } from '../command-error.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { formatRelative } from '../times.js'
import { printChange } from './change.js'
import { hasEnded, keyTitle } from './key-text.js'

interface DeleteOptions {
  readonly confirm?: string
  readonly json?: true
}

const RECENTLY_MILLISECONDS = 24 * 3600 * 1000

/** `bitting keys delete`. */
export function deleteKeyCommand(context: CommandContext): Command {
  return newDataCommand(context, 'delete', 'Destroy what verifies a key; its record stays listed')
    .argument('<id>', 'id of the key', keyIdArgument)
    .option('--confirm <name>', 'the exact name of the key, in place of being asked for it')
    .action(async (id: string, options: DeleteOptions) => {
      const client = await openClient(context)
      const condition =
        options.confirm === undefined ? await askForName(context, client, id) : { confirm: options.confirm }
      printChange(context, options, await client.keys.delete(id, condition), 'deleted')
    })
}

/** Deletes the version that was shown: what somebody else does to the key meanwhile must be seen first. */
async function askForName(
  context: CommandContext,
  client: ManagementClient,
  id: string,
): Promise<DeleteCondition> {
  const key = await client.keys.get(id)
  warnOfUse(context, key)
  const typed = await context.input.askText(`Type the name of the key to delete it for good: ${key.name}`)
  if (typed === null) {
    throw usageError(
      'deleting cannot be undone, and there is nobody to ask',
      'give the exact name: --confirm <name>',
    )
  }
  if (typed.trim() === key.name) return { version: key.version }
  throw new CommandError('the name is another; nothing was deleted', {
    hint: `the key is called ${key.name}`,
  })
}

function warnOfUse({ output, nowMilliseconds }: CommandContext, key: KeyView): void {
  const { last_used_at: at, last_used_address: address } = key
  if (at === null || hasEnded(key) || nowMilliseconds() - Date.parse(at) > RECENTLY_MILLISECONDS) return
  const from = address === null ? '' : ` from ${address}`
  output.warn(
    `${keyTitle(key)} was used ${formatRelative(at, nowMilliseconds())}${from}`,
    `to see first who needs it: bitting keys suspend ${key.id}`,
  )
}
