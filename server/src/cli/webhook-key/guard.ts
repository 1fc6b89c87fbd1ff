import type { ApiError, DeleteCondition, WebhookKeyView } from '@bitting/client'
import { CommandError, usageError } from '../command-error.js'
import type { CommandContext } from '../context.js'

/** The option that answers in place of a person, and what it is for. */
export const CONFIRM_OPTION = {
  flags: '--confirm <name>',
  description: 'the exact name of the key that signs now, in place of being asked for it',
} as const

/**
 * Asks for the name of the key that signs now. What is changed is then the version that was shown: what somebody else
 * does to it meanwhile must be seen first.
 *
 * @param deed what the name is typed for, `stop all deliveries` for example
 * @throws {CommandError} when another name is typed, or there is nobody to ask
 */
export async function askForSigner(
  { input }: CommandContext,
  { name, version }: WebhookKeyView,
  deed: string,
): Promise<DeleteCondition> {
  const typed = await input.askText(`Type the name of the key that signs now to ${deed}: ${name ?? ''}`)
  if (typed === null) {
    throw usageError(
      'every receiver verifies with the key that signs now, and there is nobody to ask',
      'give its exact name: --confirm <name>; `bitting webhook-key show` tells it',
    )
  }
  if (typed.trim() === name) return { version }
  throw new CommandError('the name is another; nothing was changed', {
    hint: `the key that signs now is called ${name ?? ''}`,
  })
}

/** What to do where the webhook key cannot be moved or turned off. */
export function webhookKeyRemedy({ code, problem }: ApiError): string | null {
  if (code === 'confirmation_required') {
    return 'the name given is another; `bitting webhook-key show` tells the one to give: --confirm <name>'
  }
  if (code !== 'state_conflict') return null
  return problem['state'] === undefined
    ? '`bitting webhook-key show` tells what signs'
    : 'choose another: bitting keys list --kind api --state active'
}
