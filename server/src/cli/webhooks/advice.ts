import { ApiError } from '@bitting/client'
import { CommandError } from '../command-error.js'
import { describeError } from '../report.js'

/**
 * Does work of the management API whose refusals a command can remedy, and says how in the command line's own words
 * where the API says it in requests.
 *
 * @param remedy what to do about a refusal; null where the usual hint serves
 * @throws {CommandError} in place of a refusal that has a remedy
 */
export async function withRemedy<T>(
  remedy: (refusal: ApiError) => string | null,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const hint = error instanceof ApiError ? remedy(error) : null
    if (hint === null) throw error
    const { message, details, exitCode } = describeError(error)
    throw new CommandError(message, { hint, details, exitCode })
  }
}

/** What to do where the state of an endpoint does not allow what was asked for. */
export function endpointRemedy(id: string): (refusal: ApiError) => string | null {
  return ({ code, problem }) => {
    if (code !== 'state_conflict') return null
    switch (problem['state']) {
      case 'deleted':
        return 'make a new one: bitting webhooks create <url>'
      case 'disabled':
        return `let it have events again: bitting webhooks enable ${id}`
      case 'awaiting_handshake':
        return `ask the receiver first: bitting webhooks handshake ${id}`
      default:
        return 'set the key that signs first: bitting webhook-key set <id>'
    }
  }
}
