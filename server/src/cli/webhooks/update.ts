import type { UpdateWebhookEndpointRequest } from '@bitting/client'
import { Option, type Command } from 'commander'
import { usageError } from '../command-error.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { endpointRemedy, withRemedy } from './advice.js'
import { addEndpointOptions, readEndpointOptions, type EndpointOptions } from './endpoint-options.js'
import { printEndpoint, warnOfWaiting } from './endpoint-text.js'
import { endpointIdArgument, endpointUrlArgument } from './webhook-arguments.js'

interface UpdateOptions extends EndpointOptions {
  readonly url?: string
  readonly clearHeaders?: true
  readonly json?: true
}

/** `bitting webhooks update`. */
export function updateEndpointCommand(context: CommandContext): Command {
  const command = newDataCommand(
    context,
    'update',
    'Change an endpoint; events, signatures and headers are replaced as a whole',
  )
    .argument('<id>', 'id of the endpoint', endpointIdArgument)
    .option(
      '--url <url>',
      'another address; what was learnt of the old one is forgotten',
      endpointUrlArgument,
    )
  return addEndpointOptions(command)
    .option('--no-ordered', 'send events as they come')
    .option('--no-require-handshake', 'send without asking the receiver first')
    .addOption(new Option('--clear-headers', 'send no header fields of its own').conflicts('headerFile'))
    .action((id: string, options: UpdateOptions) => update(context, id, options))
}

async function update(context: CommandContext, id: string, options: UpdateOptions): Promise<void> {
  const settings = await readEndpointOptions(context, options)
  const changes: UpdateWebhookEndpointRequest = {
    ...settings,
    ...(options.url !== undefined && { url: options.url }),
    ...(options.clearHeaders === true && { headers: {} }),
  }
  if (Object.values(changes).every((value) => value === undefined)) {
    throw usageError('it is not said what to change', '`bitting webhooks update --help` shows what can be')
  }
  const client = await openClient(context)
  const endpoint = await withRemedy(endpointRemedy(id), () => client.webhookEndpoints.update(id, changes))
  printEndpoint(context, options, endpoint, 'changed')
  if (options.json !== true) warnOfWaiting(context, endpoint)
}
