import { joinParts } from './join-parts.js'
import {
  createReceiver,
  type OpenFunction,
  type ReceiveWebhookOptions,
  type WebhookResponse,
} from './receive.js'

/** As much of `http.IncomingMessage` as is used, with what Express and cloud functions hang on it. */
export interface NodeWebhookRequest {
  readonly method?: string | undefined
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Says whether somebody has read from the stream. */
  readonly readableDidRead?: boolean
  /** The raw body, where a body parser kept it. */
  readonly rawBody?: unknown
  /** A Buffer after `express.raw()`. */
  readonly body?: unknown
  on(event: 'data' | 'end' | 'error', listener: (chunk: Uint8Array) => void): unknown
}

/** As much of `http.ServerResponse` as is used. */
export interface NodeWebhookResponse {
  readonly headersSent: boolean
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown
  end(body: string): unknown
}

/** A listener of `node:http`, an Express handler, or a Next.js API route. */
export type NodeWebhookHandler = (
  request: NodeWebhookRequest,
  response: NodeWebhookResponse,
  next?: (error: unknown) => void,
) => Promise<void>

const CONSUMED =
  'a body parser has consumed the body before the webhook receiver could verify it: mount the receiver before ' +
  'express.json(), keep the bytes with express.raw() or as req.rawBody, or, in a Next.js API route, export ' +
  'config = { api: { bodyParser: false } }'

/** Makes {@link NodeWebhookHandler}s that verify with one or the other cryptography. */
export function nodeAdapter(open: OpenFunction): (options: ReceiveWebhookOptions) => NodeWebhookHandler {
  return (options) => {
    const { maxBytes, onError, receive } = createReceiver(options, open)
    return async (request, response, next) => {
      const kept = keptBody(request)
      if (kept === null && isConsumed(request)) {
        const error = new Error(CONSUMED)
        if (next === undefined) {
          onError(error)
          send(response, { status: 500, headers: {}, body: 'internal error' })
        } else next(error)
        return
      }
      const read = kept === null ? await readBody(request, maxBytes) : { body: kept }
      // Who has gone away gets no answer, and nothing of what came is handled.
      if (read === null) return
      const { method = '', headers } = request
      send(response, await receive({ method, headers, body: read.body }))
    }
  }
}

function keptBody(request: NodeWebhookRequest): string | Uint8Array | null {
  const { rawBody, body } = request
  if (typeof rawBody === 'string' || rawBody instanceof Uint8Array) return rawBody
  return body instanceof Uint8Array ? body : null
}

/** Express 4 sets an empty object where no parser felt responsible, and leaves the stream alone. */
function isConsumed(request: NodeWebhookRequest): boolean {
  const { body } = request
  if (request.readableDidRead === true) return true
  if (typeof body === 'object' && body !== null) return Object.keys(body).length > 0
  return typeof body === 'string' && body !== ''
}

/**
 * Reads a body to its end: null where the sender went away before, and a null body where it is larger than allowed. What
 * is too large is read on and dropped, so that the sender gets to read its answer.
 */
function readBody(
  request: NodeWebhookRequest,
  maxBytes: number,
): Promise<{ readonly body: Uint8Array | null } | null> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = []
    let length = 0
    request.on('data', (chunk) => {
      length += chunk.length
      if (length <= maxBytes) chunks.push(chunk)
      else {
        chunks.length = 0
        resolve({ body: null })
      }
    })
    request.on('end', () => resolve({ body: joinParts(chunks) }))
    request.on('error', () => resolve(null))
  })
}

function send(response: NodeWebhookResponse, answer: WebhookResponse): void {
  if (response.headersSent) return
  const close: Record<string, string> = answer.status === 413 ? { connection: 'close' } : {}
  response.writeHead(answer.status, { ...answer.headers, ...close })
  response.end(answer.body)
}
