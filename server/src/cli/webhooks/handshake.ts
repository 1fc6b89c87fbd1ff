import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { EXIT } from '../exit-codes.js'
import { splitAdvice } from '../text.js'
import { endpointRemedy, withRemedy } from './advice.js'
import { endpointTitle } from './endpoint-text.js'
import { endpointIdArgument } from './webhook-arguments.js'

/** `bitting webhooks handshake`. */
export function handshakeCommand(context: CommandContext): Command {
  return newDataCommand(context, 'handshake', 'Ask a receiver whether it wants our requests')
    .argument('<id>', 'id of the endpoint', endpointIdArgument)
    .action(async (id: string, { json }: { readonly json?: true }) => {
      const { output } = context
      const client = await openClient(context)
      const met = await withRemedy(endpointRemedy(id), () => client.webhookEndpoints.handshake(id))
      const { ok, reason, endpoint } = met
      if (json === true) output.printJson(met)
      else if (ok) output.print(`${endpointTitle(endpoint)} agreed`)
      if (ok) return
      context.exitCode = EXIT.failed
      const advice = splitAdvice(reason ?? 'The receiver did not agree.')
      output.fail(
        `${endpointTitle(endpoint)} did not agree: ${advice.message}`,
        advice.hint ?? 'it answers OPTIONS with Webhook-Allowed-Origin; @bitting/client/webhooks does so',
      )
    })
}
