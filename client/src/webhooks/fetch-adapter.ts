import { joinParts } from './join-parts.js'
import { createReceiver, type OpenFunction, type ReceiveWebhookOptions } from './receive.js'

/** A handler in the terms of Fetch: Next.js route handlers, Deno, Bun and Workers take it as it is. */
export type FetchWebhookHandler = (request: Request) => Promise<Response>

const CONSUMED =
  'the body was read before the webhook receiver could verify it: mount the receiver before what reads the body, ' +
  'or pass it request.clone()'

/** Makes {@link FetchWebhookHandler}s that verify with one or the other cryptography. */
export function fetchAdapter(open: OpenFunction): (options: ReceiveWebhookOptions) => FetchWebhookHandler {
  return (options) => {
    const { maxBytes, receive } = createReceiver(options, open)
    return async (request) => {
      if (request.bodyUsed) throw new Error(CONSUMED)
      const { method, headers } = request
      const {
        status,
        headers: fields,
        body,
      } = await receive({
        method,
        headers,
        body: await readBody(request, maxBytes),
      })
      return new Response(body === '' ? null : body, { status, headers: fields })
    }
  }
}

/** Reads a body to its end, or returns null where it is larger than allowed. Rejects where the sender goes away. */
async function readBody(request: Request, maxBytes: number): Promise<Uint8Array | null> {
  const reader = request.body?.getReader()
  if (reader === undefined) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return joinParts(chunks)
    length += value.length
    if (length > maxBytes) {
      await reader.cancel()
      return null
    }
    chunks.push(value)
  }
}
