import type { Command } from 'commander'
import { newCommand } from '../command.js'
import type { CommandContext } from '../context.js'
import { createEndpointCommand } from './create.js'
import { deleteEndpointCommand } from './delete.js'
import { listDeliveriesCommand } from './deliveries.js'
import { showDeliveryCommand } from './delivery.js'
import { disableEndpointCommand } from './disable.js'
import { enableEndpointCommand } from './enable.js'
import { handshakeCommand } from './handshake.js'
import { listEndpointsCommand } from './list.js'
import { probeCommand } from './probe.js'
import { relaysCommand } from './relays.js'
import { resendCommand } from './resend.js'
import { rotateEndpointCommand } from './rotate.js'
import { showEndpointCommand } from './show.js'
import { switchEndpointCommand } from './switch.js'
import { testEndpointCommand } from './test.js'
import { updateEndpointCommand } from './update.js'

/** `bitting webhooks`: where events are sent, and what became of them. */
export function webhooksCommand(context: CommandContext): Command {
  const command = newCommand(context, 'webhooks', 'Send events to endpoints, and see whether they arrive')
  const commands = [
    listEndpointsCommand,
    showEndpointCommand,
    createEndpointCommand,
    updateEndpointCommand,
    enableEndpointCommand,
    disableEndpointCommand,
    deleteEndpointCommand,
    rotateEndpointCommand,
    switchEndpointCommand,
    handshakeCommand,
    testEndpointCommand,
    probeCommand,
    listDeliveriesCommand,
    showDeliveryCommand,
    resendCommand,
    relaysCommand,
  ]
  for (const create of commands) command.addCommand(create(context))
  return command
}
