import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OperationMatcher, parseRequestTarget, type Catalog, type Operation } from '@bitting/core'
import { failure, SANDBOX_HANDLERS, SandboxStore, type Entity, type SandboxAnswer } from './sandbox-data.js'

/** A sandbox that runs. */
export interface Sandbox {
  /** Where it listens, on loopback alone. */
  readonly origin: string
  /** Ends it and forgets everything. */
  close(): Promise<void>
}

/** What says in every answer that it is not the real thing. */
const LABEL = ['bitting-sandbox', 'true; not the real API'] as const
const BODY_BYTES_MAX = 64 * 1024

const MALFORMED = failure(400, 'Invalid request format, please check API reference.')
const UNKNOWN_PATH = failure(404, 'The requested resource was not found.')

/**
 * Starts a stand-in of a catalog's API, so that Bitting can be tried without an account anywhere. It keeps agents,
 * calls, chats and phone numbers in memory, the same for every caller; every other operation answers its own name.
 */
export async function startSandbox(catalog: Catalog): Promise<Sandbox> {
  const matcher = new OperationMatcher(catalog.operations)
  const store = new SandboxStore()
  const server = createServer((request, response) => {
    answer(matcher, store, request).then(
      (result) => send(response, result),
      () => response.destroy(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${String(port)}`, close: () => close(server) }
}

async function answer(
  matcher: OperationMatcher,
  store: SandboxStore,
  request: IncomingMessage,
): Promise<SandboxAnswer> {
  const body = await readBody(request)
  const target = parseRequestTarget(request.url ?? '')
  if (!target.ok) return MALFORMED
  const operation = matcher.match(request.method ?? '', target.path)
  if (operation === null) return UNKNOWN_PATH
  const handler = SANDBOX_HANDLERS.get(`${operation.method} ${operation.template}`)
  if (handler === undefined) {
    return { status: 200, body: { sandbox: true, operation: operation.name, path: target.path } }
  }
  const fields = parseFields(body)
  if (fields === null) return MALFORMED
  const parameters = parametersOf(operation, target.path)
  return handler(store, { parameters, body: fields, query: new URLSearchParams(target.query) })
}

/** The body, null where it is larger than any that is kept. It is read to its end either way. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length <= BODY_BYTES_MAX) chunks.push(chunk)
  }
  return length <= BODY_BYTES_MAX ? Buffer.concat(chunks) : null
}

/** The fields of a JSON object; an absent body has none; null on anything else. */
function parseFields(body: Buffer | null): Entity | null {
  if (body === null) return null
  if (body.length === 0) return {}
  try {
    const value = JSON.parse(body.toString()) as unknown
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Entity) : null
  } catch {
    return null
  }
}

/** Only percent sequences are decoded: a phone number's `+` is no space. */
function parametersOf({ template }: Operation, path: string): string[] {
  const segments = path.split('/')
  return template
    .split('/')
    .flatMap((part, index) => (part.startsWith('{') ? [decodeURIComponent(segments[index] ?? '')] : []))
}

function send(response: ServerResponse, { status, body }: SandboxAnswer): void {
  if (status === 204) {
    response.writeHead(status, [...LABEL]).end()
    return
  }
  const text = JSON.stringify(body)
  const length = String(Buffer.byteLength(text))
  response
    .writeHead(status, [...LABEL, 'Content-Type', 'application/json', 'Content-Length', length])
    .end(text)
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}
