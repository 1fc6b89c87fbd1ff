import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { withRemedy } from './advice.js'
import { requireConsent } from './consent.js'
import { relayIdArgument } from './webhook-arguments.js'

interface DeleteOptions {
  readonly yes?: true
  readonly json?: true
}

/** `bitting webhooks relays delete`. */
export function deleteRelayCommand(context: CommandContext): Command {
  return newDataCommand(context, 'delete', 'Refuse what an upstream sends to a relay; its record stays')
    .argument('<id>', 'id of the relay', relayIdArgument)
    .option('--yes', 'delete it without being asked')
    .action(async (id: string, { yes, json }: DeleteOptions) => {
      const client = await openClient(context)
      if (yes !== true) {
        await requireConsent(context, `Refuse what is sent to ${id} from now on, and delete its key?`)
      }
      const relay = await withRemedy(
        ({ code }) => (code === 'state_conflict' ? 'see which are left: bitting webhooks relays list' : null),
        () => client.webhookRelays.delete(id),
      )
      if (json === true) context.output.printJson(relay)
      else context.output.print(`deleted the relay "${relay.name}" (${relay.id})`)
    })
}
