import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { addEndpointOptions, readEndpointOptions, type EndpointOptions } from './endpoint-options.js'
import { endpointTitle, warnOfWaiting } from './endpoint-text.js'
import { addSecretFileOption, deliverSecret, type SecretOptions } from './secret-delivery.js'
import { endpointUrlArgument } from './webhook-arguments.js'

const EXAMPLES = `
Examples:
  $ bitting webhooks create https://example.com/webhooks --events 'key.*,call_ended'
  $ bitting webhooks create https://example.com/webhooks --header-file ./headers --secret-file ./secret
`

/** `bitting webhooks create`. */
export function createEndpointCommand(context: CommandContext): Command {
  const command = newDataCommand(
    context,
    'create',
    'Add an endpoint, and print its secret this once',
  ).argument('<url>', 'where to send events', endpointUrlArgument)
  return addSecretFileOption(addEndpointOptions(command))
    .addHelpText('after', EXAMPLES)
    .action(async (url: string, options: EndpointOptions & SecretOptions) => {
      const settings = await readEndpointOptions(context, options)
      const client = await openClient(context)
      const endpoint = await deliverSecret(
        context,
        options,
        () => client.webhookEndpoints.create({ ...settings, url }),
        (done) => `created ${endpointTitle(done.endpoint)}, which gets ${done.endpoint.events.join(', ')}`,
      )
      if (options.json !== true) warnOfWaiting(context, endpoint)
    })
}
