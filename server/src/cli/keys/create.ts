import type { CreateKeyRequest, KeyWithToken } from '@bitting/client'
import { ENVIRONMENTS, type Environment } from '@bitting/core'
import { Option, type Command } from 'commander'
import { addAccessOptions, readAccess, requireAccess, type AccessOptions } from '../access-options.js'
import { addressArgument, timeArgument } from '../arguments.js'
import { usageError } from '../command-error.js'
import { collect, newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { accessPhrase, keyTitle } from './key-text.js'
import { addTokenFileOption, deliverToken, type TokenOptions } from './token-delivery.js'

interface CreateOptions extends AccessOptions, TokenOptions {
  readonly environment: Environment
  readonly management?: true
  readonly address?: readonly string[]
  readonly expires?: string
  readonly notBefore?: string
  readonly note?: string
}

const EXAMPLES = `
Examples:
  $ bitting keys create "CRM sync" --environment production --allow history:read
  $ bitting keys create dialler --environment staging --preset outbound-caller --expires 90d
  $ bitting keys create deploy --environment production --management --allow keys:edit --token-file ./key
`

/** `bitting keys create`. */
export function createKeyCommand(context: CommandContext): Command {
  const command = newDataCommand(context, 'create', 'Create a key, and print its token this once')
    .argument('<name>', 'what the key is for, in a few words')
    .addOption(
      new Option('--environment <environment>', 'where it is used')
        .choices(ENVIRONMENTS)
        .makeOptionMandatory(),
    )
  return addTokenFileOption(addAccessOptions(command))
    .option('--management', 'a key that manages Bitting itself')
    .addOption(
      new Option(
        '--address <range>',
        'accept it only from this address or CIDR range; once for each',
      ).argParser(collect(addressArgument)),
    )
    .addOption(
      new Option('--expires <when>', 'refuse it from then on: 90d, or a time').argParser(
        timeArgument(context.nowMilliseconds),
      ),
    )
    .addOption(
      new Option('--not-before <when>', 'refuse it before then').argParser(
        timeArgument(context.nowMilliseconds),
      ),
    )
    .option('--note <text>', 'where the token is kept, or what else should be known')
    .addHelpText('after', EXAMPLES)
    .action((name: string, options: CreateOptions) => create(context, name, options))
}

async function create(context: CommandContext, name: string, options: CreateOptions): Promise<void> {
  if (options.management === true && options.preset !== undefined) {
    throw usageError(
      'presets are for API keys',
      'use --allow; `bitting catalog show bitting` lists what there is',
    )
  }
  requireAccess(options)
  const client = await openClient(context)
  const access = await readAccess(options, client)
  const request: CreateKeyRequest = {
    name,
    kind: options.management === true ? 'management' : 'api',
    environment: options.environment,
    access,
    conditions: { allowed_addresses: options.address, not_before: options.notBefore },
    expires_at: options.expires,
    note: options.note,
  }
  const describe = ({ key }: KeyWithToken): string =>
    `created ${keyTitle(key)} for ${key.environment}, with ${accessPhrase(key.access)}`
  await deliverToken(context, options, () => client.keys.create(request), describe)
}
