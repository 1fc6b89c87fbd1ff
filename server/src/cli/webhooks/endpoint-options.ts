import type { CreateWebhookEndpointRequest } from '@bitting/client'
import type { WebhookScheme } from '@bitting/core'
import { Option, type Command } from 'commander'
import { collect } from '../command.js'
import type { CommandContext } from '../context.js'
import { readHeaderFile } from './header-file.js'
import { refusedOption } from './refused-option.js'
import { eventFilterArgument, rateArgument, requestsArgument, schemesArgument } from './webhook-arguments.js'

/** The options that say what an endpoint is, when it is made and later. */
export interface EndpointOptions {
  readonly events?: readonly (readonly string[])[]
  readonly description?: string
  readonly signatures?: readonly (readonly WebhookScheme[])[]
  readonly headerFile?: string
  readonly rate?: number | 'none'
  readonly concurrency?: number
  readonly ordered?: boolean
  readonly requireHandshake?: boolean
}

const CONCURRENCY_MAX = 64

/** Adds the options that say what an endpoint is. */
export function addEndpointOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--events <types>',
        'only these events, separated by commas: key.*,call_ended for example',
      ).argParser(collect(eventFilterArgument)),
    )
    .option('--description <text>', 'whose it is, or what else should be known')
    .addOption(
      new Option(
        '--signatures <schemes>',
        'how it is signed to, separated by commas: standard, retell, body, ed25519',
      ).argParser(collect(schemesArgument)),
    )
    .option(
      '--header-file <path>',
      'file of header fields to send along, a line each as "Name: value"; - for a pipe',
    )
    .addOption(refusedOption('--header <field>', 'the values of header fields', '--header-file <path>'))
    .addOption(
      new Option('--rate <number>', 'at most so many requests a second, or none').argParser(rateArgument),
    )
    .addOption(
      new Option('--concurrency <number>', 'at most so many requests at a time, 1 to 64').argParser(
        requestsArgument(CONCURRENCY_MAX),
      ),
    )
    .option('--ordered', 'let the events of one subject wait for one another')
    .option('--require-handshake', 'send nothing before the receiver has agreed')
}

/**
 * What the options say, in the words of the management API.
 *
 * @throws {CommandError} when the file of header fields holds something else
 */
export async function readEndpointOptions(
  context: CommandContext,
  options: EndpointOptions,
): Promise<Partial<CreateWebhookEndpointRequest>> {
  const { events, description, signatures, headerFile, rate, concurrency } = options
  return {
    events: events?.flat(),
    description,
    signatures: signatures?.flat(),
    headers: headerFile === undefined ? undefined : await readHeaderFile(context, headerFile),
    rate_limit: rate === 'none' ? null : rate,
    concurrency,
    ordered: options.ordered,
    require_handshake: options.requireHandshake,
  }
}
