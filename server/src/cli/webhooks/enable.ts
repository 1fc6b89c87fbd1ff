import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { endpointRemedy, withRemedy } from './advice.js'
import { printEndpoint, warnOfWaiting } from './endpoint-text.js'
import { endpointIdArgument } from './webhook-arguments.js'

/** `bitting webhooks enable`. */
export function enableEndpointCommand(context: CommandContext): Command {
  return newDataCommand(context, 'enable', 'Let a disabled endpoint have events again')
    .argument('<id>', 'id of the endpoint', endpointIdArgument)
    .action(async (id: string, options: { readonly json?: true }) => {
      const client = await openClient(context)
      const endpoint = await withRemedy(endpointRemedy(id), () =>
        client.webhookEndpoints.update(id, { enabled: true }),
      )
      printEndpoint(context, options, endpoint, 'enabled')
      if (options.json === true) return
      context.output.note(
        'what happened while it was disabled is not sent',
        `to send that too: bitting webhooks resend ${id} --since 1h`,
      )
      warnOfWaiting(context, endpoint)
    })
}
