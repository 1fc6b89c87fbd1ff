import type { WebhookEndpointView, WebhookKeyView } from '@bitting/client'
import type { CommandContext } from '../context.js'
import { splitAdvice } from '../text.js'

/** The key that signs in a sentence: its name and its id. */
export function signerTitle({ name, key_id: id }: WebhookKeyView): string {
  return id === null ? 'no key' : `"${name ?? ''}" (${id})`
}

/** Says what is unwise about the key that signs. */
export function printWarnings({ output }: CommandContext, { warnings }: WebhookKeyView): void {
  for (const warning of warnings) {
    const { message, hint } = splitAdvice(warning)
    output.warn(message, hint)
  }
}

/** The endpoints whose receivers are not known to verify with the newest secret of the webhook key. */
export async function findLaggards(
  endpoints: AsyncIterable<WebhookEndpointView>,
): Promise<WebhookEndpointView[]> {
  const laggards: WebhookEndpointView[] = []
  for await (const endpoint of endpoints) if (endpoint.uses_newest_key === false) laggards.push(endpoint)
  return laggards
}
