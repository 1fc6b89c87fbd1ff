import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { parseAddressList } from '@bitting/core'
import { AddressGuard } from '../../server/src/webhooks/address-guard.js'
import {
  WebhookSender,
  type SendAnswer,
  type SendRequest,
  type WebhookSenderOptions,
} from '../../server/src/webhooks/sender.js'
import { later } from '../audit/sink-fixtures.js'

export { failureOf, later } from '../audit/sink-fixtures.js'

/** How long an impatient sender waits, in milliseconds. */
export const SHORT = 150

/** A server that counts connections, whatever is then said on them. */
export interface Receiver {
  readonly port: number
  readonly connections: Socket[]
  /** Everything that came, a text a connection. */
  readonly received: string[]
}

/** Listens on an address of this machine and answers each request, told by the empty line and length of its head. */
export async function receive(
  answer: (socket: Socket, request: string, connection: number) => void,
  address = '127.0.0.1',
  port = 0,
): Promise<Receiver> {
  const connections: Socket[] = []
  const received: string[] = []
  const server: Server = createServer((socket) => {
    const at = connections.push(socket) - 1
    let all = ''
    let pending = ''
    received[at] = all
    socket.on('error', () => undefined)
    socket.on('data', (part) => {
      all += part.toString('latin1')
      received[at] = all
      pending += part.toString('latin1')
      for (let length = requestLength(pending); length > 0; length = requestLength(pending)) {
        const request = pending.slice(0, length)
        pending = pending.slice(length)
        answer(socket, request, at)
      }
    })
  })
  server.listen(port, address)
  await once(server, 'listening')
  later(() => {
    for (const socket of connections) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return { port: (server.address() as AddressInfo).port, connections, received }
}

function requestLength(text: string): number {
  const head = text.indexOf('\r\n\r\n') + 4
  if (head < 4) return 0
  const length = head + Number(/^content-length: (\d+)/im.exec(text.slice(0, head))?.[1] ?? 0)
  return text.length < length ? 0 : length
}

/** An HTTP answer as text. */
export function http(status: number, body = '', headers: Readonly<Record<string, string>> = {}): string {
  const fields = Object.entries({ 'content-length': String(body.length), ...headers })
  return `HTTP/1.1 ${status} Answer\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}

/** A guard that allows these ranges besides the public internet. */
export function guardOf(...ranges: string[]): AddressGuard {
  return new AddressGuard(parseAddressList(ranges))
}

/** A sender that may reach this machine and is impatient, unless told otherwise. */
export function senderOf(options: Partial<WebhookSenderOptions> = {}): WebhookSender {
  const sender = new WebhookSender({
    guard: guardOf('127.0.0.0/8', '::1'),
    limitMilliseconds: 5000,
    ...options,
  })
  later(() => sender.close())
  return sender
}

/** A delivery to a port of this machine. */
export function to(port: number, over: Partial<SendRequest> = {}): SendRequest {
  return { url: new URL(`http://127.0.0.1:${port}/hook?a=1&b=%20`), headers: {}, body: '{"a":1}', ...over }
}

/** What a sender makes of a receiver that says this in answer to every request, and the receiver. */
export async function exchange(
  answer: (socket: Socket, request: string, connection: number) => void,
  sender: WebhookSender = senderOf(),
): Promise<{ receiver: Receiver; sender: WebhookSender; send: () => Promise<SendAnswer> }> {
  const receiver = await receive(answer)
  return { receiver, sender, send: () => sender.send(to(receiver.port)) }
}

/** Waits until the other side has gone. */
export async function closed(socket: Socket | undefined): Promise<void> {
  if (socket !== undefined && !socket.closed) await new Promise((resolve) => socket.once('close', resolve))
}

/** Lets the HTTP client see that a connection is free again. */
export async function idle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
}

/** A certificate for `receiver.test` that vouches for itself, until the year 2126. */
export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBoDCCAUegAwIBAgIUEOJ+OCJ+iEIPLTwM2bXkX9A2H2cwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNcmVjZWl2ZXIudGVzdDAgFw0yNjExMjIwOTQxMzBaGA8yMTI2
MTAyOTA5NDEzMFowGDEWMBQGA1UEAwwNcmVjZWl2ZXIudGVzdDBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABGHoCroistDT9s1yPgDNOA0RQ9N20/XHVQb10omdTPmj
5plxyTIzKYwNWqgZump1akb19EHdkSWxUNmmk/IqQjyjbTBrMB0GA1UdDgQWBBRW
0Q9xr8fd/VZkFY5mbmOZpF96HzAfBgNVHSMEGDAWgBRW0Q9xr8fd/VZkFY5mbmOZ
pF96HzAPBgNVHRMBAf8EBTADAQH/MBgGA1UdEQQRMA+CDXJlY2VpdmVyLnRlc3Qw
CgYIKoZIzj0EAwIDRwAwRAIgIqloh6nqO2sGhYV48FHVS1LlPcv/DLUD+NqURIjp
gEMCIC8eQGIla8nInmcHwMKZSewkMlGyD8mHatotrcsf3jPi
-----END CERTIFICATE-----`

export const CERTIFICATE_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgK0ybFiTfwAWC6o32
Ua7ejU7/e0ZTAwkSregWLaATk6+hRANCAARh6Aq6IrLQ0/bNcj4AzTgNEUPTdtP1
x1UG9dKJnUz5o+aZcckyMymMDVqoGbpqdWpG9fRB3ZElsVDZppPyKkI8
-----END PRIVATE KEY-----`
