import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { usageError } from '../command-error.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { eventTypeArgument } from '../webhooks/webhook-arguments.js'

interface PostOptions {
  readonly dataFile?: string
  readonly subject?: string
  readonly json?: true
}

/** More than any event may have. */
const DATA_BYTES_MAX = 512 * 1024

const EXAMPLES = `
Examples:
  $ echo '{"invoice_id": "inv_1"}' | bitting events post invoice.paid --subject inv_1
  $ bitting events post invoice.paid --data-file ./invoice.json
`

/** `bitting events post`. */
export function postEventCommand(context: CommandContext): Command {
  return newDataCommand(context, 'post', 'Post an event to every endpoint that wants it')
    .argument('<type>', 'words with dots between, invoice.paid for example', eventTypeArgument)
    .option('--data-file <path>', 'file of its data, a JSON object; without it a pipe')
    .option('--subject <text>', 'what it is about: the events of one subject can be sent in order')
    .addHelpText('after', EXAMPLES)
    .action(async (type: string, options: PostOptions) => {
      const data = await readData(context, options)
      const client = await openClient(context)
      const event = await client.events.publish({ type, data, subject: options.subject })
      if (options.json === true) context.output.printJson(event)
      else context.output.print(`posted ${event.id}`)
    })
}

async function readData(
  context: CommandContext,
  { dataFile }: PostOptions,
): Promise<Record<string, unknown>> {
  const text = dataFile === undefined ? await readPiped(context) : await readFile(dataFile, 'utf8')
  const data = parseJson(text)
  if (typeof data === 'object' && data !== null && !Array.isArray(data))
    return data as Record<string, unknown>
  throw usageError(
    `${dataFile ?? 'standard input'} is not a JSON object`,
    'write the data of the event alone, {"invoice_id": "inv_1"} for example',
  )
}

async function readPiped({ input }: CommandContext): Promise<string> {
  const piped = await input.readPipe(DATA_BYTES_MAX)
  if (piped !== null) return piped
  throw usageError('there is no data', 'pipe a JSON object into the command, or name a file with --data-file')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
