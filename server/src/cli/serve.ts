import type { Command } from 'commander'
import { readConfig } from '../config.js'
import type { RunningServer } from '../serve.js'
import { newCommand } from './command.js'
import type { CommandContext } from './context.js'
import { EXIT } from './exit-codes.js'

/** `bitting serve`: the management API and the gateway, until a signal ends them. */
export function serveCommand(context: CommandContext): Command {
  return newCommand(context, 'serve', 'Serve the management API and the gateway').action(async () => {
    const config = readConfig(context.variables)
    const stopped = firstSignal(context)
    const server = await context.programs.serve(config)
    printAddresses(context, server)
    const signal = await stopped
    context.output.note(
      `${signal}: finishing the requests under way`,
      'send the signal once more to stop at once',
    )
    await server.close()
  })
}

function printAddresses({ output }: CommandContext, server: RunningServer): void {
  const { controlUrl, gatewayUrl, upstream, setupUrl } = server
  output.printFields([
    ['Management API', controlUrl],
    ['Gateway', gatewayUrl],
    ['Upstream', upstream.isSandbox ? 'the built-in sandbox: nothing reaches a real API' : upstream.origin],
    ...(setupUrl === null
      ? []
      : [['Set-up link', { text: setupUrl, tone: 'strong' }, 'It works once, for an hour.'] as const]),
  ])
}

/** Resolves at the first signal, also one that comes while the server starts; the second ends the process. */
function firstSignal(context: CommandContext): Promise<string> {
  return new Promise((resolve) => {
    let signals = 0
    context.onSignal((name) => {
      signals++
      if (signals === 1) {
        resolve(name)
      } else {
        context.output.note(`${name}: stopped without waiting for the requests under way`)
        context.exit(EXIT.failed)
      }
    })
  })
}
