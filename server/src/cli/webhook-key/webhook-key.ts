import type { Command } from 'commander'
import { newCommand } from '../command.js'
import type { CommandContext } from '../context.js'
import { unsetWebhookKeyCommand } from './off.js'
import { setWebhookKeyCommand } from './set.js'
import { showWebhookKeyCommand } from './show.js'

/** `bitting webhook-key`: the key that signs the webhooks of a workspace. */
export function webhookKeyCommand(context: CommandContext): Command {
  const command = newCommand(context, 'webhook-key', 'Choose the key that signs webhooks')
  const commands = [showWebhookKeyCommand, setWebhookKeyCommand, unsetWebhookKeyCommand]
  for (const create of commands) command.addCommand(create(context))
  return command
}
