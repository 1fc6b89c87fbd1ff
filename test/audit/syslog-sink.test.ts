import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeValue, syslogFrame, syslogMessage } from '../../server/src/audit/sinks/syslog-message.js'
import { SyslogSink, type SyslogReceiver } from '../../server/src/audit/sinks/syslog-sink.js'
import { CALM, entries, entry, failureOf, later, selfSigned, type Certificate } from './sink-fixtures.js'

/** Takes a stream apart as RFC 6587 section 3.4.1 has it: MSG-LEN without leading zeroes, a space, that many bytes. */
function frames(stream: Buffer): string[] {
  const found: string[] = []
  let at = 0
  while (at < stream.length) {
    const space = stream.indexOf(0x20, at)
    const length = stream.subarray(at, space).toString('latin1')
    if (space < 0 || !/^[1-9]\d*$/.test(length)) throw new Error(`no length at ${at}`)
    const end = space + 1 + Number(length)
    if (end > stream.length) throw new Error('a frame is cut off')
    found.push(stream.subarray(space + 1, end).toString('utf8'))
    at = end
  }
  return found
}

const HEADER =
  /^<(0|[1-9]\d{0,2})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z) ([\x21-\x7e]{1,255}) ([\x21-\x7e]{1,48}) ([\x21-\x7e]{1,128}) ([\x21-\x7e]{1,32}) \[/

/** Takes a message apart by the grammar of RFC 5424 section 6. */
function parse(message: string) {
  const header = HEADER.exec(message)
  if (header === null) throw new Error(`no header: ${message}`)
  let at = header[0].length
  const idEnd = message.slice(at).search(/[ \]]/) + at
  const id = message.slice(at, idEnd)
  if (!/^[\x21-\x7e]{1,32}$/.test(id) || /[="\]]/.test(id)) throw new Error('no SD-ID')
  at = idEnd
  const parameters: Record<string, string> = {}
  while (message[at] === ' ') {
    const name = /^ ([\x21\x23-\x3c\x3e-\x5c\x5e-\x7e]{1,32})="/.exec(message.slice(at))
    if (name === null) throw new Error('no PARAM-NAME')
    at += name[0].length
    let value = ''
    for (; message[at] !== '"'; at++) {
      if (message[at] === ']' || at >= message.length) throw new Error('a value holds a bare bracket')
      if (message[at] === '\\') at++
      value += message.charAt(at)
    }
    at++
    parameters[name[1]!] = value
  }
  if (message[at] !== ']' || message[at + 1] !== ' ') throw new Error('the structured data does not end')
  const priority = Number(header[1])
  return {
    facility: priority >> 3,
    severity: priority & 7,
    time: header[2],
    application: header[4],
    processId: header[5],
    messageId: header[6],
    id,
    parameters,
    message: message.slice(at + 2),
  }
}

interface Receiver {
  readonly port: number
  readonly connections: Buffer[]
  readonly taken: () => ReturnType<typeof parse>[]
}

/** Reads each connection to its end, then closes it, as collectors do. */
async function receiver(
  options: { tls?: Certificate; onSocket?: (socket: Socket) => void } = {},
): Promise<Receiver> {
  const connections: Buffer[] = []
  const serve = (socket: Socket): void => {
    socket.on('error', () => undefined)
    if (options.onSocket) return options.onSocket(socket)
    const parts: Buffer[] = []
    socket.on('data', (part: Buffer) => parts.push(part))
    socket.on('end', () => {
      connections.push(Buffer.concat(parts))
      socket.end()
    })
  }
  const server: Server =
    options.tls === undefined
      ? createServer({ allowHalfOpen: true }, serve)
      : createTlsServer({ ...options.tls, allowHalfOpen: true } as object, serve)
  server.on('tlsClientError', () => undefined)
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  later(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { port, connections, taken: () => connections.flatMap(frames).map(parse) }
}

function sink(port: number, more: Partial<SyslogReceiver> = {}): SyslogSink {
  const made = new SyslogSink('syslog', {
    host: '127.0.0.1',
    port,
    facility: 13,
    enterprise: 32473,
    tls: null,
    ...more,
  })
  later(() => made.close())
  return made
}

const ORIGIN = { facility: 13, hostname: 'host.example', processId: 42, enterprise: 32473 }

describe('a syslog message', () => {
  it('is the one of RFC 5424', () => {
    const one = entry(3, { outcome: 'failure', details: {}, actor: { ...entry(0).actor, user_agent: null } })
    expect(syslogFrame(syslogMessage(one, ORIGIN))).toBe(
      `394 <108>1 2026-01-02T03:04:05.003Z host.example bitting 42 key.create ` +
        `[bitting@32473 log="ws_1" index="3"] ${JSON.stringify(one)}`,
    )
  })

  it('can be taken apart whatever an entry holds', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.string({ unit: 'binary' }),
        fc.nat(),
        fc.string({ unit: 'binary' }),
        (workspace, words, index, hostname) => {
          const one = entry(index, {
            workspace,
            action: `app.${words}`,
            details: { words },
          })
          const text = syslogMessage(one, { ...ORIGIN, hostname })
          expect(frames(Buffer.from(syslogFrame(text)))).toEqual([text])
          const message = parse(text)
          expect(message.parameters).toEqual({ log: workspace, index: String(index) })
          expect(JSON.parse(message.message)).toEqual(one)
          expect(message.message).toMatch(/^[\x20-\x7e]*$/)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('escapes the three characters that would end a value', () => {
    expect(escapeValue('a"b\\c]d[e=')).toBe('a\\"b\\\\c\\]d[e=')
  })
})

describe('the syslog sink', () => {
  it('sends every entry over TCP', async () => {
    const there = await receiver()
    const made = sink(there.port, { facility: 4 })
    await made.deliver(entries(500), CALM)
    expect(there.taken().map((message) => JSON.parse(message.message))).toEqual(entries(500))
    await made.deliver([entry(500, { outcome: 'failure' })], CALM)
    expect(there.taken().at(-1)).toMatchObject({
      facility: 4,
      severity: 4,
      application: 'bitting',
      processId: String(process.pid),
      messageId: 'key.create',
      id: 'bitting@32473',
      parameters: { log: 'ws_1', index: '500' },
    })
  })

  it('sends over TLS to a receiver that is vouched for, and to no other', async () => {
    const certificate = selfSigned()
    const there = await receiver({ tls: certificate })
    const tls = { ca: certificate.certFile, cert: null, key: null }
    await sink(there.port, { tls }).deliver(entries(100), CALM)
    expect(there.taken()).toHaveLength(100)
    const unknown = sink(there.port, { tls: { ...tls, ca: null } })
    expect((await failureOf(unknown.deliver([entry(0)], CALM))).code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
    expect(there.taken()).toHaveLength(100)
  })

  it('shows its own certificate where it has one', async () => {
    const [theirs, ours] = [selfSigned(), selfSigned()]
    const wanting = { ...theirs, ca: ours.cert, requestCert: true, rejectUnauthorized: true }
    const there = await receiver({ tls: wanting })
    const tls = { ca: theirs.certFile, cert: ours.certFile, key: ours.keyFile }
    await sink(there.port, { tls }).deliver(entries(3), CALM)
    expect(there.taken()).toHaveLength(3)
    await failureOf(sink(there.port, { tls: { ...tls, cert: null, key: null } }).deliver([entry(0)], CALM))
    expect(there.taken()).toHaveLength(3)
  })

  it('has not delivered when the receiver closes before it has read everything', async () => {
    const there = await receiver({ onSocket: (socket) => socket.once('data', () => socket.destroy()) })
    await failureOf(sink(there.port).deliver(entries(20_000), CALM))
    const atOnce = await receiver({ onSocket: (socket) => socket.end() })
    await failureOf(sink(atOnce.port).deliver(entries(20_000), CALM))
    const reset = await receiver({
      onSocket: (socket) => socket.resume().on('end', () => socket.resetAndDestroy()),
    })
    expect((await failureOf(sink(reset.port).deliver([entry(0)], CALM))).code).toBe('ECONNRESET')
  })

  it('has not delivered when the receiver reads and never closes, or does not read', async () => {
    const reading = await receiver({ onSocket: (socket) => void socket.resume() })
    const short = { limitMilliseconds: 80 }
    expect((await failureOf(sink(reading.port, short).deliver([entry(0)], CALM))).code).toBe('timeout')
    const deaf = await receiver({ onSocket: (socket) => void socket.pause() })
    expect((await failureOf(sink(deaf.port, short).deliver(entries(20_000), CALM))).code).toBe('timeout')
  })

  it('stops when it is told to, and fails where nobody listens', async () => {
    const controller = new AbortController()
    const there = await receiver({ onSocket: () => controller.abort() })
    expect((await failureOf(sink(there.port).deliver([entry(0)], controller.signal))).code).toBe('aborted')
    expect((await failureOf(sink(1).deliver([entry(0)], CALM))).code).toBe('ECONNREFUSED')
  })
})
