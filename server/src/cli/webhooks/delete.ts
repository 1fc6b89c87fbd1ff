import type { ManagementClient } from '@bitting/client'
import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { count } from '../text.js'
import { endpointRemedy, withRemedy } from './advice.js'
import { requireConsent } from './consent.js'
import { endpointTitle, printEndpoint } from './endpoint-text.js'
import { endpointIdArgument } from './webhook-arguments.js'

interface DeleteOptions {
  readonly yes?: true
  readonly json?: true
}

/** `bitting webhooks delete`. */
export function deleteEndpointCommand(context: CommandContext): Command {
  return newDataCommand(context, 'delete', 'Destroy the secrets of an endpoint; its record stays')
    .argument('<id>', 'id of the endpoint', endpointIdArgument)
    .option('--yes', 'delete it without being asked')
    .action(async (id: string, options: DeleteOptions) => {
      const client = await openClient(context)
      const version = options.yes === true ? undefined : await ask(context, client, id)
      const endpoint = await withRemedy(endpointRemedy(id), () => client.webhookEndpoints.delete(id, version))
      printEndpoint(context, options, endpoint, 'deleted')
    })
}

/** The version that was shown: what somebody else does to the endpoint meanwhile must be seen first. */
async function ask(context: CommandContext, client: ManagementClient, id: string): Promise<number> {
  const endpoint = await client.webhookEndpoints.get(id)
  const { pending } = endpoint.deliveries
  const loss = pending === 0 ? '' : ` ${count(pending, 'delivery', 'deliveries')} to it will be given up.`
  await requireConsent(context, `Delete ${endpointTitle(endpoint)} for good?${loss}`)
  return endpoint.version
}
