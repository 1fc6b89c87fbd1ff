import type { DeleteCondition, ManagementClient } from '@bitting/client'
import type { Command } from 'commander'
import { CommandError } from '../command-error.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { EXIT } from '../exit-codes.js'
import { withRemedy } from '../webhooks/advice.js'
import { askForSigner, CONFIRM_OPTION, webhookKeyRemedy } from './guard.js'

interface OffOptions {
  readonly confirm?: string
  readonly json?: true
}

/** `bitting webhook-key off`. */
export function unsetWebhookKeyCommand(context: CommandContext): Command {
  return newDataCommand(context, 'off', 'Deliver nothing; what is to be delivered waits')
    .option(CONFIRM_OPTION.flags, CONFIRM_OPTION.description)
    .action(async ({ confirm, json }: OffOptions) => {
      const client = await openClient(context)
      const condition = confirm === undefined ? await ask(context, client) : { confirm }
      const key = await withRemedy(webhookKeyRemedy, () => client.webhookKey.unset(condition))
      if (json === true) context.output.printJson(key)
      else context.output.print('delivery is off; what is to be delivered waits for the next webhook key')
    })
}

async function ask(context: CommandContext, client: ManagementClient): Promise<DeleteCondition> {
  const key = await client.webhookKey.get()
  if (key.key_id !== null) return askForSigner(context, key, 'stop all deliveries')
  throw new CommandError('no webhook key is set, so delivery is off already', {
    hint: 'set one: bitting webhook-key set <id>',
    exitCode: EXIT.conflict,
  })
}
