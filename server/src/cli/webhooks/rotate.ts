import type { WebhookEndpointWithSecret } from '@bitting/client'
import { Option, type Command } from 'commander'
import { durationArgument } from '../arguments.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { formatBoth } from '../times.js'
import { endpointRemedy, withRemedy } from './advice.js'
import { endpointTitle } from './endpoint-text.js'
import { addSecretFileOption, deliverSecret, type SecretOptions } from './secret-delivery.js'
import { endpointIdArgument } from './webhook-arguments.js'

interface RotateOptions extends SecretOptions {
  readonly overlap: number
}

/** `bitting webhooks rotate`. */
export function rotateEndpointCommand(context: CommandContext): Command {
  const command = newDataCommand(context, 'rotate', 'Give an endpoint a new secret, and print it this once')
    .argument('<id>', 'id of the endpoint', endpointIdArgument)
    .addOption(
      new Option(
        '--overlap <time>',
        'how long the old secret signs beside the new: 24h, or 0 where it leaked',
      )
        .argParser(durationArgument)
        .makeOptionMandatory(),
    )
  return addSecretFileOption(command).action(async (id: string, options: RotateOptions) => {
    const client = await openClient(context)
    const describe = (done: WebhookEndpointWithSecret): string =>
      describeRotation(done, context.nowMilliseconds())
    await deliverSecret(
      context,
      options,
      () => withRemedy(endpointRemedy(id), () => client.webhookEndpoints.rotate(id, options.overlap)),
      describe,
    )
  })
}

function describeRotation({ endpoint }: WebhookEndpointWithSecret, now: number): string {
  const { secret_retires_at: retires } = endpoint
  const old = retires === null ? 'does not sign any more' : `retires ${formatBoth(retires, now)}`
  return `rotated the secret of ${endpointTitle(endpoint)}; the old one ${old}`
}
