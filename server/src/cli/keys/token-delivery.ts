import type { KeyWithToken } from '@bitting/client'
import type { Command } from 'commander'
import { CommandError } from '../command-error.js'
import type { CommandContext } from '../context.js'
import { writeTokenFile } from '../token-file.js'
import { keyTitle } from './key-text.js'

/** The options of commands that bring forth a token. */
export interface TokenOptions {
  readonly tokenFile?: string
  readonly json?: true
}

/** Adds the option that keeps the token off the screen. */
export function addTokenFileOption(command: Command): Command {
  return command.option(
    '--token-file <path>',
    'write the token to this new file, for its owner alone to read',
  )
}

/**
 * Does what brings forth a token and hands the token over: alone on a line of standard output, or in a new file.
 *
 * @param describe says what was done, for people
 * @throws {CommandError} when the token was lost on the way
 */
export async function deliverToken(
  { output }: CommandContext,
  { tokenFile, json }: TokenOptions,
  work: () => Promise<KeyWithToken>,
  describe: (done: KeyWithToken) => string,
): Promise<void> {
  const done = tokenFile === undefined ? await work() : await writeTokenFile(tokenFile, work)
  const { key, token } = done
  if (token === null) {
    throw new CommandError(`it was done, but the token of ${keyTitle(key)} was lost with the connection`, {
      hint: `make a new token: bitting keys rotate ${key.id} --overlap 0`,
    })
  }
  if (json === true) {
    output.printJson(tokenFile === undefined ? { key, token } : { key, token: null, token_file: tokenFile })
    return
  }
  output.note(describe(done))
  if (tokenFile === undefined) {
    output.print({ text: token, tone: 'strong' })
    output.warn(
      'the token is shown once and stored nowhere',
      'keep it in a secret store; --token-file writes a file',
    )
  } else {
    output.note(`wrote the token to ${tokenFile}, for its owner alone to read`)
  }
}
