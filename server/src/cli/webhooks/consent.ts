import { CommandError, usageError } from '../command-error.js'
import type { CommandContext } from '../context.js'

/**
 * Asks whether something is to be deleted, unless `--yes` has said so.
 *
 * @throws {CommandError} when it is not, or there is nobody to ask
 */
export async function requireConsent({ input }: CommandContext, question: string): Promise<void> {
  const consent = await input.askConsent(question)
  if (consent === true) return
  if (consent === false) throw new CommandError('nothing was deleted')
  throw usageError('deleting cannot be undone, and there is nobody to ask', 'say that it is meant: --yes')
}
