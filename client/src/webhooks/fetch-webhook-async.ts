import { fetchAdapter, type FetchWebhookHandler } from './fetch-adapter.js'
import { openWebhookAsync } from './open-async.js'
import type { ReceiveWebhookOptions } from './receive.js'

export type { FetchWebhookHandler } from './fetch-adapter.js'

/**
 * `fetchWebhook` of `@bitting/client/webhooks` on Web Cryptography, for Workers and what else has none of Node's:
 * `export default { fetch: fetchWebhookAsync({ keys, handle }) }`.
 */
export const fetchWebhookAsync: (options: ReceiveWebhookOptions) => FetchWebhookHandler =
  fetchAdapter(openWebhookAsync)
