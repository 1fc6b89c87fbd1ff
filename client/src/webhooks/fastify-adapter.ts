import { createReceiver, type OpenFunction, type ReceiveWebhookOptions } from './receive.js'

/** The options of the plugin: those of every receiver, and where it is mounted. */
export interface FastifyWebhookOptions extends ReceiveWebhookOptions {
  /** Path of the endpoint, below the `prefix` that it is registered with. Default `/`. */
  readonly url?: string | undefined
}

/** As much of a Fastify request as is used. */
export interface FastifyWebhookRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: unknown
}

/** As much of a Fastify reply as is used. */
export interface FastifyWebhookReply {
  code(status: number): unknown
  headers(values: Record<string, string>): unknown
  send(payload: string): unknown
}

/** As much of a Fastify instance as is used. */
export interface FastifyWebhookScope {
  removeAllContentTypeParsers(): void
  addContentTypeParser(
    contentType: string,
    options: { parseAs: 'buffer'; bodyLimit: number },
    parse: (request: never, body: Uint8Array, done: (error: Error | null, body?: unknown) => void) => void,
  ): unknown
  route(options: {
    method: string[]
    url: string
    handler: (request: FastifyWebhookRequest, reply: FastifyWebhookReply) => Promise<unknown>
  }): unknown
}

/** A Fastify plugin. Its content-type parser keeps to its own scope, and the rest of the application parses as before. */
export type FastifyWebhookPlugin = (
  scope: FastifyWebhookScope,
  options: FastifyWebhookOptions,
) => Promise<void>

/** Makes a plugin that verifies with one or the other cryptography. */
export function fastifyAdapter(open: OpenFunction): FastifyWebhookPlugin {
  return async (scope, options) => {
    const { maxBytes, receive } = createReceiver(options, open)
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: maxBytes }, (_request, body, done) =>
      done(null, body),
    )
    scope.route({
      method: ['POST', 'OPTIONS'],
      url: options.url ?? '/',
      handler: async ({ method, headers, body }, reply) => {
        const bytes = body instanceof Uint8Array ? body : new Uint8Array()
        const answer = await receive({ method, headers, body: bytes })
        reply.code(answer.status)
        reply.headers({ ...answer.headers })
        return reply.send(answer.body)
      },
    })
    await Promise.resolve()
  }
}
