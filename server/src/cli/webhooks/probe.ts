import {
  ConnectionError,
  type ManagementClient,
  type WebhookEndpointView,
  type WebhookProbeCheckView,
} from '@bitting/client'
import type { Command } from 'commander'
import { CommandError } from '../command-error.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { EXIT } from '../exit-codes.js'
import type { Cell } from '../output.js'
import { endpointRemedy, withRemedy } from './advice.js'
import { endpointTitle, verdictCell } from './endpoint-text.js'
import { endpointIdArgument } from './webhook-arguments.js'

const SIGNATURES: Readonly<Record<string, string>> = {
  missing: 'none at all',
  wrong: 'made with another key',
  old: 'ten minutes old',
  tampered: 'of another body',
  right: 'right',
}

/** `bitting webhooks probe`. */
export function probeCommand(context: CommandContext): Command {
  return newDataCommand(context, 'probe', 'Find out whether a receiver verifies what it is sent')
    .argument('<id>', 'id of the endpoint', endpointIdArgument)
    .action(async (id: string, { json }: { readonly json?: true }) => {
      const client = await openClient(context)
      const endpoint = await withRemedy(endpointRemedy(id), () => probe(client, id))
      if (json === true) context.output.printJson(endpoint)
      else printProbe(context, endpoint)
      if (endpoint.probe?.verdict !== 'verifies') context.exitCode = EXIT.check_failed
    })
}

/** A receiver that leaves every request without an answer takes the server longer than an answer is waited for. */
async function probe({ webhookEndpoints }: ManagementClient, id: string): Promise<WebhookEndpointView> {
  try {
    return await webhookEndpoints.probe(id)
  } catch (error) {
    if (!(error instanceof ConnectionError) || !error.timedOut) throw error
    throw new CommandError('the probe takes long: the receiver may not answer at all', {
      hint: `the server goes on with it; see later what it found: bitting webhooks show ${id}`,
      exitCode: EXIT.unreachable,
    })
  }
}

function printProbe({ output }: CommandContext, endpoint: WebhookEndpointView): void {
  const { probe } = endpoint
  if (probe === null) return
  output.printTable(
    [{ title: 'signature' }, { title: 'answer' }, { title: 'taken' }, { title: '' }],
    probe.checks.map(rowOf),
  )
  output.print('')
  output.printFields([
    ['Endpoint', endpointTitle(endpoint)],
    ['Verdict', verdictCell(probe)],
    ...(probe.findings.length === 0 ? [] : [['Findings', ...probe.findings] as const]),
  ])
}

/** The right signature alone is to be taken. */
function rowOf({ signature, status, error, accepted }: WebhookProbeCheckView): Cell[] {
  const isGood = accepted === (signature === 'right')
  return [
    SIGNATURES[signature] ?? signature,
    status === null ? (error ?? 'none').replaceAll('_', ' ') : String(status),
    accepted ? 'yes' : 'no',
    isGood ? { text: 'ok', tone: 'good' } : { text: 'fail', tone: 'bad' },
  ]
}
