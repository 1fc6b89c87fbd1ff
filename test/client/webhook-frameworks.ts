import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { fetchWebhookAsync } from '../../client/src/index.js'
import {
  expressWebhook,
  fastifyWebhook,
  fetchWebhook,
  honoWebhook,
  nodeWebhook,
  type AcceptedWebhook,
  type ReceiveWebhookOptions,
} from '../../client/src/webhooks/index.js'
import { TOKEN } from '../support/webhooks.js'

export const PATH = '/webhooks'
const closing: (() => Promise<unknown>)[] = []

/** Closes what was opened since the last time; for `afterEach`. */
export async function closeAll(): Promise<void> {
  while (closing.length > 0) await closing.pop()!()
}

/** Closes this too when a test is over. */
export const closeAfter = (close: () => Promise<unknown>): void => void closing.push(close)

export interface Answer {
  status: number
  headers: Headers
  text: string
}
/** Sends a request to what is under test. */
export type Send = (init: RequestInit) => Promise<Answer>

const answerOf = async (response: Response): Promise<Answer> => ({
  status: response.status,
  headers: response.headers,
  text: await response.text(),
})

export async function listen(listener: RequestListener): Promise<{ send: Send; server: Server }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()))
  return { server, send: async (init) => answerOf(await fetch(urlOf(server), init)) }
}
export const portOf = (server: Server): number => (server.address() as AddressInfo).port
export const urlOf = (server: Server): string => `http://127.0.0.1:${portOf(server)}${PATH}`

export const listener = (options: ReceiveWebhookOptions): RequestListener => {
  const handler = nodeWebhook(options)
  return (request, response) => void handler(request, response)
}

type Mount = (options: ReceiveWebhookOptions) => Promise<Send>

/** Real frameworks around the same receiver, and in each what else applications have there. */
export const FRAMEWORKS: Record<string, Mount> = {
  'node:http': async (options) => (await listen(listener(options))).send,
  express: async (options) => {
    const app = express()
    app.all(PATH, expressWebhook(options))
    app.use(express.json())
    return (await listen(app)).send
  },
  'express after express.raw()': async (options) => {
    const app = express()
    app.use(express.raw({ type: '*/*', limit: '2mb' }))
    app.all(PATH, expressWebhook(options))
    return (await listen(app)).send
  },
  'express with rawBody': async (options) => {
    const app = express()
    const keep = (request: object, _: unknown, bytes: Buffer) => Object.assign(request, { rawBody: bytes })
    app.use(express.json({ limit: '2mb', verify: keep }))
    app.all(PATH, expressWebhook(options))
    return (await listen(app)).send
  },
  fastify: async (options) => {
    const app = fastify()
    app.post('/other', (request) => ({ parsed: request.body }))
    await app.register(fastifyWebhook, { url: PATH, ...options })
    const address = await app.listen({ port: 0, host: '127.0.0.1' })
    closing.push(() => app.close())
    return async (init) => answerOf(await fetch(address + PATH, init))
  },
  hono: (options) => {
    const app = new Hono()
    app.all(PATH, honoWebhook(options))
    return Promise.resolve(async (init) => answerOf(await app.request(PATH, init)))
  },
  fetch: (options) => {
    const handler = fetchWebhook(options)
    return Promise.resolve(async (init) =>
      answerOf(await handler(new Request(`http://localhost${PATH}`, init))),
    )
  },
  'fetch, with Web Cryptography': (options) => {
    const handler = fetchWebhookAsync(options)
    return Promise.resolve(async (init) =>
      answerOf(await handler(new Request(`http://localhost${PATH}`, init))),
    )
  },
}

const json = { 'content-type': 'application/json' }
export const post = ({ body, headers }: { body: string; headers: Record<string, string> }): RequestInit => ({
  method: 'POST',
  headers: { ...json, ...headers },
  body: Buffer.from(body),
})

export function receiver(given: Partial<ReceiveWebhookOptions> = {}) {
  const seen: [unknown, AcceptedWebhook][] = []
  const refused: string[] = []
  const errors: unknown[] = []
  const options: ReceiveWebhookOptions = {
    keys: TOKEN,
    handle: (event, delivery) => void seen.push([event, delivery]),
    onRefused: (reason) => void refused.push(reason),
    onError: (error) => void errors.push(error),
    ...given,
  }
  return { options, seen, refused, errors }
}
