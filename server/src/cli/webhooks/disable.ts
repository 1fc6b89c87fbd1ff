import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { endpointRemedy, withRemedy } from './advice.js'
import { printEndpoint } from './endpoint-text.js'
import { endpointIdArgument } from './webhook-arguments.js'

/** `bitting webhooks disable`. */
export function disableEndpointCommand(context: CommandContext): Command {
  return newDataCommand(context, 'disable', 'Send nothing to an endpoint until it is enabled')
    .argument('<id>', 'id of the endpoint', endpointIdArgument)
    .action(async (id: string, options: { readonly json?: true }) => {
      const client = await openClient(context)
      const endpoint = await withRemedy(endpointRemedy(id), () =>
        client.webhookEndpoints.update(id, { enabled: false }),
      )
      printEndpoint(context, options, endpoint, 'disabled')
    })
}
