import type { WebhookEndpointView, WebhookKeyView } from '@bitting/client'
import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import type { Cell } from '../output.js'
import { formatBoth } from '../times.js'
import { endpointTitle } from '../webhooks/endpoint-text.js'
import { findLaggards, printWarnings, signerTitle } from './key-report.js'

/** `bitting webhook-key show`. */
export function showWebhookKeyCommand(context: CommandContext): Command {
  return newDataCommand(context, 'show', 'Show which key signs, and which receivers have to follow').action(
    async ({ json }: { readonly json?: true }) => {
      const client = await openClient(context)
      const key = await client.webhookKey.get()
      if (json === true) {
        context.output.printJson(key)
        return
      }
      const laggards = key.key_id === null ? [] : await findLaggards(client.webhookEndpoints.list())
      printKey(context, key, laggards)
    },
  )
}

type Field = readonly [label: string, ...values: Cell[]]

function printKey(
  context: CommandContext,
  key: WebhookKeyView,
  laggards: readonly WebhookEndpointView[],
): void {
  const { output } = context
  output.printFields(fieldsOf(key, laggards, context.nowMilliseconds()))
  printWarnings(context, key)
  if (key.key_id === null) {
    output.note(
      'no webhook key is set, so nothing is delivered; it waits',
      'set one: bitting webhook-key set <id>; `bitting keys create --none` makes one that opens nothing',
    )
  }
  if (laggards.length > 0) {
    output.note(
      'these receivers are not known to verify with the newest key',
      'once one does: bitting webhooks switch <id>',
    )
  }
}

function fieldsOf(key: WebhookKeyView, laggards: readonly WebhookEndpointView[], now: number): Field[] {
  const { key_id: id, set_at: at, set_by: by, previous_key_id: previous, overlap_until: until } = key
  const since = id === null ? 'Off since' : 'Since'
  return [
    ['Signs', { text: signerTitle(key), tone: id === null ? 'warning' : 'strong' }],
    ...(at === null ? [] : [[since, `${formatBoth(at, now)} by ${by ?? 'unknown'}`] as const]),
    ...(previous === null || until === null
      ? []
      : [['Overlap', `${previous} signs too, ends ${formatBoth(until, now)}`] as const]),
    ...(laggards.length === 0
      ? []
      : [['To follow', ...laggards.map((endpoint) => endpointTitle(endpoint))] as const]),
  ]
}
