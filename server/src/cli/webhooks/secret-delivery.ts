import type { WebhookEndpointWithSecret } from '@bitting/client'
import type { Command } from 'commander'
import { CommandError } from '../command-error.js'
import type { CommandContext } from '../context.js'
import { writeTokenFile } from '../token-file.js'
import { endpointTitle } from './endpoint-text.js'

/** The options of commands that bring forth an endpoint's secret. */
export interface SecretOptions {
  readonly secretFile?: string
  readonly json?: true
}

/** Adds the option that keeps the secret off the screen. */
export function addSecretFileOption(command: Command): Command {
  return command.option(
    '--secret-file <path>',
    'write the secret to this new file, for its owner alone to read',
  )
}

/**
 * Does what brings forth a secret and hands the secret over: alone on a line of standard output, or in a new file.
 *
 * @param describe says what was done, for people
 * @returns the endpoint, for what else there is to say of it
 * @throws {CommandError} when the secret was lost on the way
 */
export async function deliverSecret(
  { output }: CommandContext,
  { secretFile, json }: SecretOptions,
  work: () => Promise<WebhookEndpointWithSecret>,
  describe: (done: WebhookEndpointWithSecret) => string,
): Promise<WebhookEndpointWithSecret['endpoint']> {
  const done = secretFile === undefined ? await work() : await writeSecretFile(secretFile, work)
  const { endpoint, secret } = done
  if (secret === null) {
    throw new CommandError(
      `it was done, but the secret of ${endpointTitle(endpoint)} was lost with the connection`,
      { hint: `make a new secret: bitting webhooks rotate ${endpoint.id} --overlap 0` },
    )
  }
  if (json === true) {
    const told = secretFile === undefined ? { secret } : { secret: null, secret_file: secretFile }
    output.printJson({ endpoint, ...told })
    return endpoint
  }
  output.note(describe(done))
  if (secretFile === undefined) {
    output.print({ text: secret, tone: 'strong' })
    output.warn(
      'the secret is shown this once',
      'give it to the receiver, and keep it in a secret store; --secret-file writes a file',
    )
  } else {
    output.note(`wrote the secret to ${secretFile}, for its owner alone to read`)
  }
  return endpoint
}

async function writeSecretFile(
  path: string,
  work: () => Promise<WebhookEndpointWithSecret>,
): Promise<WebhookEndpointWithSecret> {
  return writeTokenFile(path, async () => {
    const done = await work()
    return { ...done, token: done.secret }
  })
}
