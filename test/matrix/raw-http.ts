import { connect } from 'node:net'

/** An answer as it lay on the wire. */
export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Every byte of it, as latin1. */
  readonly raw: string
}

/** A request to send without a library around it. */
export interface RawRequest {
  readonly method: string
  readonly target: string
  /** Absent for none. */
  readonly body?: string
}

/**
 * Sends a request on a connection of its own, with the Authorization value given or none, and gives what comes back.
 * The names of the fields that every hop writes anew are spelt as the gateway's HTTP client spells them.
 */
export async function sendRaw(
  origin: string,
  { method, target, body }: RawRequest,
  authorization: string | null,
): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(origin)
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `host: ${host}`,
    ...(authorization === null ? [] : [`Authorization: ${authorization}`]),
    ...(body === undefined
      ? []
      : ['Content-Type: application/json', `content-length: ${String(Buffer.byteLength(body))}`]),
    'Connection: close',
  ]
  const socket = connect(Number(port), hostname)
  socket.setTimeout(15_000, () => socket.destroy(new Error('the answer did not end')))
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body ?? ''}`)
  const chunks: Buffer[] = []
  for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk)
  return parseAnswer(Buffer.concat(chunks))
}

function parseAnswer(bytes: Buffer): RawAnswer {
  const raw = bytes.toString('latin1')
  const headEnd = raw.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = raw.slice(0, headEnd).split('\r\n')
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(headers),
    body: bytes.toString('utf8', headEnd + 4),
    raw,
  }
}
