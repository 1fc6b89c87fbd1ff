/** Receives webhooks under Node, Deno, Bun and whatever else has Node's cryptography. */
import { fastifyAdapter, type FastifyWebhookPlugin } from './fastify-adapter.js'
import { fetchAdapter, type FetchWebhookHandler } from './fetch-adapter.js'
import { nodeAdapter, type NodeWebhookHandler } from './node-adapter.js'
import { openWebhook } from './open.js'
import {
  createReceiver,
  type ReceiveWebhookOptions,
  type WebhookRequest,
  type WebhookResponse,
} from './receive.js'

export { openWebhook, verifyWebhook } from './open.js'
export type {
  AcceptedWebhook,
  OpenedWebhook,
  OpenWebhookOptions,
  RefusedWebhook,
  WebhookHeaders,
  WebhookRefusal,
} from './opened.js'
export { MemoryReplayGuard, type ReplayGuard } from './replay-guard.js'
export type {
  FastifyWebhookPlugin,
  FetchWebhookHandler,
  NodeWebhookHandler,
  ReceiveWebhookOptions,
  WebhookRequest,
  WebhookResponse,
}

/** One receiver for each options object, so that what it remembers lasts longer than a request. */
const receivers = new WeakMap<ReceiveWebhookOptions, ReturnType<typeof createReceiver>>()

/**
 * Receives one request: verifies, handles once, and says what to answer. Every adapter below is this in the terms of
 * its framework; use it where there is none. Pass the same options object each time: unless they say otherwise, what
 * was handled is remembered beside them.
 *
 * @returns a promise that rejects with a TypeError where the keys are not what they must be, and for nothing else
 */
export async function receiveWebhook(
  request: WebhookRequest,
  options: ReceiveWebhookOptions,
): Promise<WebhookResponse> {
  const receiver = receivers.get(options) ?? createReceiver(options, openWebhook)
  receivers.set(options, receiver)
  return receiver.receive(request)
}

/**
 * A listener for `node:http`, which serves as a Next.js API route too, with that route's body parser off.
 *
 * ```ts
 * createServer(nodeWebhook({ keys: [newKey, oldKey], handle: (event) => queue.push(event) }))
 * ```
 */
export const nodeWebhook: (options: ReceiveWebhookOptions) => NodeWebhookHandler = nodeAdapter(openWebhook)

/**
 * A handler for Express, 4 and 5. It needs the raw body: mount it before `express.json()`, or keep the bytes with
 * `express.raw()` or as `req.rawBody`. Where a parser has consumed them, it passes on an error that says so.
 */
export const expressWebhook: (options: ReceiveWebhookOptions) => NodeWebhookHandler = nodeAdapter(openWebhook)

/** A handler in the terms of Fetch, for Next.js route handlers, Deno and Bun. */
export const fetchWebhook: (options: ReceiveWebhookOptions) => FetchWebhookHandler = fetchAdapter(openWebhook)

/** A handler for Hono: `app.all('/webhooks', honoWebhook({ keys, handle }))`. */
export function honoWebhook(
  options: ReceiveWebhookOptions,
): (context: { readonly req: { readonly raw: Request } }) => Promise<Response> {
  const handler = fetchWebhook(options)
  return (context) => handler(context.req.raw)
}

/** A plugin for Fastify: `app.register(fastifyWebhook, { url: '/webhooks', keys, handle })`. */
export const fastifyWebhook: FastifyWebhookPlugin = fastifyAdapter(openWebhook)
