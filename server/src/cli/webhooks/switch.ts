import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { endpointRemedy, withRemedy } from './advice.js'
import { printEndpoint } from './endpoint-text.js'
import { endpointIdArgument } from './webhook-arguments.js'

/** `bitting webhooks switch`. */
export function switchEndpointCommand(context: CommandContext): Command {
  return newDataCommand(context, 'switch', 'Tell that the receiver verifies with the newest webhook key now')
    .argument('<id>', 'id of the endpoint', endpointIdArgument)
    .action(async (id: string, options: { readonly json?: true }) => {
      const client = await openClient(context)
      const endpoint = await withRemedy(endpointRemedy(id), () => client.webhookEndpoints.switch(id))
      printEndpoint(context, options, endpoint, 'switched', ' to the newest webhook key')
    })
}
