import { keyIdOf, parseToken } from '@bitting/core'
import { usageError } from './command-error.js'

// The tag of a token and more than the public secret id after it; and a key of the protected API that ships inside.
const TOKENS = [
  /[a-z][a-z0-9]{1,9}_(?:dev|staging|live)_[0-9A-Za-z]{17,}/,
  /\bbtgm?_[0-9A-Za-z]{17,}/,
  /\bkey_[0-9a-f]{28}\b/,
  // A secret of Standard Webhooks.
  /\bwhsec_[0-9A-Za-z+/]{16,}/,
]

/**
 * Refuses a token among the arguments before anything else looks at them. The shell has written it to its history by
 * now, and everybody on the machine could see it in the list of processes, so it is to be replaced.
 *
 * @throws {CommandError} without the token
 */
export function refuseTokens(argv: readonly string[]): void {
  for (const argument of argv) {
    const found = TOKENS.map((pattern) => pattern.exec(argument)?.[0]).find((text) => text !== undefined)
    if (found === undefined) continue
    const token = parseToken(found)
    const rotate =
      token === null
        ? 'rotate its key'
        : `rotate its key: bitting keys rotate ${keyIdOf(token.secretId)} --overlap 0`
    throw usageError(
      'an argument looks like a token; tokens are never taken from arguments',
      `it may now be in the history of your shell, so ${rotate}`,
    )
  }
}
