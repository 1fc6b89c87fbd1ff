import type { ManagementClient, WebhookDeliveryView } from '@bitting/client'
import { Option, type Command } from 'commander'
import { pastTimeArgument } from '../audit/audit-arguments.js'
import { usageError } from '../command-error.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { count } from '../text.js'
import { endpointRemedy, withRemedy } from './advice.js'
import { endpointIdArgument, eventIdArgument } from './webhook-arguments.js'

interface ResendOptions {
  readonly event?: string
  readonly failed?: true
  readonly since?: string
  readonly json?: true
}

/** `bitting webhooks resend`. */
export function resendCommand(context: CommandContext): Command {
  return newDataCommand(context, 'resend', 'Send to an endpoint again what it did not get or take')
    .argument('<id>', 'id of the endpoint', endpointIdArgument)
    .addOption(
      new Option('--event <id>', 'this event, whatever became of it')
        .argParser(eventIdArgument)
        .conflicts(['failed', 'since']),
    )
    .addOption(new Option('--failed', 'everything that failed').conflicts('since'))
    .addOption(
      new Option(
        '--since <when>',
        'what it missed or did not take since then: how long ago, or a time',
      ).argParser(pastTimeArgument(context.nowMilliseconds)),
    )
    .action((id: string, options: ResendOptions) => resend(context, id, options))
}

async function resend(context: CommandContext, id: string, options: ResendOptions): Promise<void> {
  const { event, failed, since, json } = options
  if (event === undefined && failed === undefined && since === undefined) {
    throw usageError('it is not said what to send again', 'write --event <id>, --failed, or --since 1h')
  }
  const client = await openClient(context)
  const sent = await withRemedy(endpointRemedy(id), () => send(client, id, options))
  if (json === true) context.output.printJson(sent)
  else if ('resent' in sent)
    context.output.print(`sending ${count(sent.resent, 'delivery', 'deliveries')} again`)
  else context.output.print(`sending ${sent.event_id} again`)
}

async function send(
  { webhookEndpoints }: ManagementClient,
  id: string,
  { event, since }: ResendOptions,
): Promise<WebhookDeliveryView | { readonly resent: number }> {
  if (event !== undefined) return webhookEndpoints.resendDelivery(id, event)
  return webhookEndpoints.resend(id, since === undefined ? { failed: true } : { since })
}
