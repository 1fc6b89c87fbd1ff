import type { CreateWebhookRelayRequest } from '@bitting/client'
import { Option, type Command } from 'commander'
import { nameArgument } from '../arguments.js'
import { usageError } from '../command-error.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { parseSecret } from '../input.js'
import { readTokenFile } from '../token-file.js'
import { refusedOption } from './refused-option.js'

interface CreateOptions {
  readonly scheme: CreateWebhookRelayRequest['scheme']
  readonly keyFile?: string
  readonly json?: true
}

/** `bitting webhooks relays create`. */
export function createRelayCommand(context: CommandContext): Command {
  return newDataCommand(context, 'create', 'Add an address that takes the webhooks of an upstream')
    .argument('<name>', 'whose webhooks it takes', nameArgument)
    .addOption(
      new Option('--scheme <scheme>', 'how the upstream signs')
        .choices(['retell', 'standard'])
        .makeOptionMandatory(),
    )
    .option('--key-file <path>', 'file of the key it signs with; without it a pipe, or a hidden prompt')
    .addOption(refusedOption('--key <key>', 'keys', '--key-file <path>'))
    .action((name: string, options: CreateOptions) => create(context, name, options))
}

async function create(context: CommandContext, name: string, options: CreateOptions): Promise<void> {
  const { output } = context
  const { scheme, json } = options
  const key = await readKey(context, options)
  const client = await openClient(context)
  const relay = await client.webhookRelays.create({ name, scheme, key })
  if (json === true) {
    output.printJson(relay)
    return
  }
  output.note(`created the relay "${relay.name}" (${relay.id})`)
  output.print({ text: relay.path, tone: 'strong' })
  output.note(
    'this is its path at the gateway',
    'give the upstream the address of the gateway with this path',
  )
}

async function readKey({ input, output }: CommandContext, { keyFile }: CreateOptions): Promise<string> {
  if (keyFile !== undefined) return readTokenFile(keyFile, output)
  const piped = await input.readPipe()
  if (piped !== null) return parseSecret(piped, 'standard input')
  const typed = await input.askSecret('Key that the upstream signs with')
  if (typed !== null) return parseSecret(typed, 'the answer')
  throw usageError('there is no key', 'pipe it into the command, or name a file with --key-file')
}
