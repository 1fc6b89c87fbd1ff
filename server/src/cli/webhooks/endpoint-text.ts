import type { WebhookEndpointView, WebhookProbeView } from '@bitting/client'
import type { CommandContext } from '../context.js'
import type { Cell, Toned } from '../output.js'

/** An endpoint in a sentence: its address and its id. */
export function endpointTitle({ url, id }: Pick<WebhookEndpointView, 'url' | 'id'>): string {
  return `${url} (${id})`
}

/** The state of an endpoint in a word or two, and how good it is. */
export function endpointStateCell({ state }: Pick<WebhookEndpointView, 'state'>): Toned {
  switch (state) {
    case 'active':
      return { text: 'active', tone: 'good' }
    case 'awaiting_handshake':
      return { text: 'no handshake', tone: 'warning' }
    case 'awaiting_webhook_key':
      return { text: 'no webhook key', tone: 'warning' }
    case 'disabled':
      return { text: 'disabled', tone: 'bad' }
    case 'deleted':
      return { text: 'deleted', tone: 'faint' }
  }
}

/** What a probe found, as people read it, and how good that is. */
export function verdictCell(probe: Pick<WebhookProbeView, 'verdict'> | null): Cell {
  if (probe === null) return { text: 'never', tone: 'faint' }
  return {
    text: probe.verdict.replaceAll('_', ' '),
    tone: probe.verdict === 'verifies' ? 'good' : 'bad',
  }
}

/** Says that nothing is sent to an endpoint yet, why, and what to do; says nothing of one that is active. */
export function warnOfWaiting({ output }: CommandContext, { id, state }: WebhookEndpointView): void {
  switch (state) {
    case 'awaiting_webhook_key':
      output.warn(
        'no webhook key is set, so nothing is sent',
        'set the key that signs: bitting webhook-key set <id>',
      )
      break
    case 'awaiting_handshake':
      output.warn(
        'the receiver has not agreed to our requests, so nothing is sent to it',
        `ask it: bitting webhooks handshake ${id}`,
      )
      break
    default:
  }
}

/** Says what became of an endpoint: `disabled https://example.com/webhooks (whe_…)`. */
export function printEndpoint(
  { output }: CommandContext,
  { json }: { readonly json?: true },
  endpoint: WebhookEndpointView,
  done: string,
  addition = '',
): void {
  if (json === true) output.printJson(endpoint)
  else output.print(`${done} ${endpointTitle(endpoint)}${addition}`)
}
