import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { endpointRemedy, withRemedy } from './advice.js'
import { endpointIdArgument } from './webhook-arguments.js'

/** `bitting webhooks test`. */
export function testEndpointCommand(context: CommandContext): Command {
  return newDataCommand(context, 'test', 'Send a test event to an endpoint alone')
    .argument('<id>', 'id of the endpoint', endpointIdArgument)
    .action(async (id: string, { json }: { readonly json?: true }) => {
      const { output } = context
      const client = await openClient(context)
      const sent = await withRemedy(endpointRemedy(id), () => client.webhookEndpoints.test(id))
      if (json === true) {
        output.printJson(sent)
        return
      }
      output.print(`sent ${sent.id}`)
      output.note('it is on its way', `see what came of it: bitting webhooks delivery ${id} ${sent.id}`)
    })
}
