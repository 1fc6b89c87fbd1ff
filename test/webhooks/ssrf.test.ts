import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { parseAddress } from '@bitting/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AddressGuard, type AddressRefusal } from '../../server/src/webhooks/address-guard.js'
import { SendError, type Lookup } from '../../server/src/webhooks/safe-connect.js'
import type { SendAnswer, WebhookSender } from '../../server/src/webhooks/sender.js'
import { failureOf, guardOf, http, receive, senderOf } from './receivers.js'

/** Ways to write an address that leads, or might lead, into a server or the network it stands in. */
const LOOPBACK = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '127.0.0.1.',
  '127.000.000.001',
  '127.255.255.254',
  '127.127.127.127',
  '2130706433',
  '2130706433.',
  '017700000001',
  '0x7f000001',
  '0X7F000001',
  '0x7f.1',
  '0x7f.0x0.0x0.0x1',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '0177.0.0.01',
  '0177.0x0.0.1',
  '127.0x1',
  '%31%32%37.0.0.1',
  '127%2e0%2e0%2e1',
  '１２７.０.０.１',
  '127。0。0。1',
  '127．0．0．1',
  '①②⑦.⓪.⓪.①',
  '0',
  '0.0.0.0',
  '0x0',
  '00.0.0',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[0000:0000:0000:0000:0000:0000:0000:0001]',
  '[::0001]',
  '[::]',
  '[0::0]',
  '[::ffff:127.0.0.1]',
  '[::FFFF:7F00:1]',
  '[::ffff:7f00:0001]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[::ffff:0.0.0.0]',
  '[::ffff:127.1.2.3]',
] as const

const ELSEWHERE = [
  '[::127.0.0.1]',
  '[::7f00:1]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b:1::127.0.0.1]',
  '[2002:7f00:1::]',
  '[2002:7f00:1::1]',
  '[2001:0:7f00:1::1]',
  '[2001:0:4136:e378:8000:63bf:80ff:fffe]',
  '10.0.0.1',
  '0xa.0.0.1',
  '167772161',
  '100.64.0.1',
  '100.100.100.200',
  '168.63.129.16',
  '169.254.169.254',
  '0xa9fea9fe',
  '2852039166',
  '169.254.170.2',
  '172.16.0.1',
  '172.31.255.254',
  '192.0.0.192',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[::a9fe:a9fe]',
  '[64:ff9b::a9fe:a9fe]',
  '[2002:a9fe:a9fe::]',
  '[fd00:ec2::254]',
  '[fd20:ce::254]',
  '[fc00::1]',
  '[fe80::1]',
  '[fec0::1]',
  '[ff02::1]',
  '[2001:db8::1]',
  '[100::1]',
  '[5f00::1]',
] as const

const CORPUS: readonly string[] = [...LOOPBACK, ...ELSEWHERE]

/** What a resolver would have to answer to lead there: the address itself where the spelling is one, else its text. */
const ANSWERS = CORPUS.map((spelling) => new URL(`http://${spelling}/`).hostname.replace(/^\[(.*)\]$/, '$1'))
/** Texts that no resolver should answer, and a careless check might take for something else. */
const ODD_ANSWERS = [
  'fe80::1%lo',
  '::1%lo',
  '127.1',
  '0x7f.1',
  '2130706433',
  'localhost',
  ' 127.0.0.1',
  '127.0.0.1:443',
  '',
]

/** A server on this machine that nobody may reach. What counts is a connection, not only a request. */
const canary = { connections: 0, ports: { v4: [] as number[], v6: [] as number[] } }
const open: { close: () => void }[] = []

async function stage(address: string): Promise<number> {
  const server = createServer((socket: Socket) => {
    canary.connections += 1
    socket.on('error', () => undefined)
    socket.end(http(200))
  })
  server.listen(0, address)
  await once(server, 'listening')
  open.push(server)
  return (server.address() as AddressInfo).port
}

beforeAll(async () => {
  canary.ports.v4.push(await stage('127.0.0.1'), await stage('0.0.0.0'))
  canary.ports.v6.push(await stage('::1'), await stage('::'))
})

afterAll(() => {
  for (const server of open) server.close()
})

beforeEach(() => {
  canary.connections = 0
})

const PORTS = (): number[] => [...canary.ports.v4, ...canary.ports.v6]

/** The codes with which sends failed; a send that did not fail is its status. */
async function outcomes(sends: readonly Promise<SendAnswer>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(sends)
  return settled.map((result) => {
    if (result.status === 'fulfilled') return result.value.status
    return result.reason instanceof SendError ? result.reason.code : result.reason
  })
}

function post(sender: WebhookSender, url: string): Promise<SendAnswer> {
  return sender.send({ url: new URL(url), headers: {}, body: '{}' })
}

function repeated(code: AddressRefusal, count: number): string[] {
  return Array.from({ length: count }, () => code)
}

/** Gives the connections that a refused sender might still have opened the time to arrive. */
async function settle(): Promise<void> {
  const own = await receive((socket) => socket.end(http(200)))
  await post(senderOf(), `http://127.0.0.1:${own.port}/`)
  expect(own.connections).toHaveLength(1)
}

describe('the canary', () => {
  it('sees a connection for most of what leads to this machine, when the guard lets it through', async () => {
    const sender = senderOf({ guard: guardOf('::/0') })
    for (const [family, ports] of Object.entries(canary.ports)) {
      for (const port of ports) {
        canary.connections = 0
        const spellings = LOOPBACK.filter((spelling) => /^\[(?!.*f:)/i.test(spelling) === (family === 'v6'))
        await outcomes(spellings.map((spelling) => post(sender, `http://${spelling}:${port}/`)))
        expect([family, canary.connections > spellings.length / 2]).toEqual([family, true])
      }
    }
  })

  it('sees one for each way to send that the tests below refuse', async () => {
    const allowing = { guard: guardOf('127.0.0.0/8', '::1') }
    const [port = 0] = canary.ports.v4
    const sender = senderOf({ ...allowing, lookup: () => Promise.resolve(['127.0.0.1']) })
    expect(await outcomes([post(sender, `http://127.0.0.1:${port}/`)])).toEqual([200])
    expect(await outcomes([post(sender, `http://hook.example:${port}/`)])).toEqual([200])
    expect(await outcomes([post(sender, `https://hook.example:${port}/`)])).toEqual(['tls'])
    expect(canary.connections).toBe(3)
  })
})

describe('nobody reaches the canary', () => {
  it('the corpus is as large as it says, and each of its addresses is another text', () => {
    expect(new Set(CORPUS).size).toBe(CORPUS.length)
    expect(CORPUS.length).toBeGreaterThanOrEqual(60)
    expect(ANSWERS.filter((answer) => parseAddress(answer) === null)).toEqual([])
    expect(PORTS()).toHaveLength(4)
  })

  it.each(['http', 'https'])('by a literal address in an %s URL', async (scheme) => {
    const sender = senderOf({ guard: new AddressGuard([]), lookup: () => Promise.resolve(['8.8.8.8']) })
    for (const port of [...PORTS(), 443]) {
      const codes = await outcomes(CORPUS.map((spelling) => post(sender, `${scheme}://${spelling}:${port}/`)))
      expect(codes).toEqual(repeated('address_not_public', CORPUS.length))
    }
    await settle()
    expect(canary.connections).toBe(0)
  })

  it.each([
    ['as its only address', (address: string) => [address]],
    ['before a public one', (address: string) => [address, '8.8.8.8']],
    ['after a public one', (address: string) => ['8.8.8.8', '2606:4700::1111', address]],
    ['among many', (address: string) => [...Array.from({ length: 50 }, () => '8.8.8.8'), address, '1.1.1.1']],
    ['beside an allowed one', (address: string) => ['10.99.0.1', address]],
  ])('by a name that resolves to it %s', async (_, addressesOf) => {
    for (const answer of [...ANSWERS, ...ODD_ANSWERS]) {
      const lookup: Lookup = () => Promise.resolve(addressesOf(answer))
      const sender = senderOf({ guard: guardOf('10.99.0.0/16'), lookup })
      const secure = await outcomes(
        ['https://hook.example/', 'https://hook.example:8443/'].map((url) => post(sender, url)),
      )
      expect([answer, secure]).toEqual([answer, repeated('address_not_public', 2)])
      const plain = await outcomes(PORTS().map((port) => post(sender, `http://hook.example:${port}/`)))
      // Where a public address comes first, what is told is that it wants https.
      const first = addressesOf(answer)[0] === '8.8.8.8' ? 'not_https' : 'address_not_public'
      expect([answer, plain]).toEqual([answer, repeated(first, plain.length)])
    }
    await settle()
    expect(canary.connections).toBe(0)
  })

  it('by a name that leads to an allowed address first and to this machine a moment later', async () => {
    const allowed = await receive((socket) => socket.end(http(200)), '127.0.0.2')
    for (const answer of ANSWERS) {
      const lookups: string[] = []
      const lookup: Lookup = (name) => {
        lookups.push(name)
        return Promise.resolve([lookups.length === 1 ? '127.0.0.2' : answer])
      }
      const sender = senderOf({ guard: guardOf('127.0.0.2'), lookup })
      const url = `http://rebinding.example:${allowed.port}/`
      expect((await post(sender, url)).status).toBe(200)
      // One look for one connection: there is no second answer to fall for.
      expect(lookups).toEqual(['rebinding.example'])
      expect((await failureOf(post(sender, url))).code).toBe('address_not_public')
      expect(lookups).toHaveLength(2)
      for (const port of PORTS()) {
        expect(await outcomes([post(sender, `http://rebinding.example:${port}/`)])).toEqual([
          'address_not_public',
        ])
      }
    }
    expect(allowed.connections).toHaveLength(ANSWERS.length)
    expect(canary.connections).toBe(0)
  })

  it.each([301, 302, 303, 307, 308])('by a redirect with %i', async (status) => {
    const targets = CORPUS.flatMap((spelling) => PORTS().map((port) => `http://${spelling}:${port}/`))
    const receiver = await receive((socket, request) => {
      const at = Number(/^POST \/(\d+)/.exec(request)?.[1])
      socket.write(http(status, '', { location: targets[at] ?? '', refresh: `0; url=${targets[at]}` }))
    }, '127.0.0.2')
    const sender = senderOf({ guard: guardOf('127.0.0.2') })
    const codes: unknown[] = []
    for (const at of targets.keys()) {
      const answer = await post(sender, `http://127.0.0.2:${receiver.port}/${at}`)
      codes.push(answer.status)
      expect(answer.headers).toEqual({ location: targets[at] })
    }
    expect(codes).toEqual(targets.map(() => status))
    await settle()
    expect(canary.connections).toBe(0)
  })

  it('by a connection that ended up elsewhere than it was meant to', async () => {
    class ForgetfulGuard extends AddressGuard {
      readonly judged: (readonly [string, number, boolean])[] = []

      override refusal(address: string, port: number, secure: boolean): AddressRefusal | null {
        this.judged.push([address, port, secure])
        return this.judged.length === 1 ? null : 'address_not_public'
      }
    }
    const receiver = await receive((socket) => socket.end(http(200)))
    for (const scheme of ['http', 'https']) {
      const guard = new ForgetfulGuard([])
      const sender = senderOf({ guard, lookup: () => Promise.resolve(['127.0.0.1']) })
      const failure = await failureOf(post(sender, `${scheme}://hook.example:${receiver.port}/`))
      expect(failure.code).toBe('address_not_public')
      // The second time it is asked for the other end of the connection that stands.
      expect(guard.judged).toEqual([0, 1].map(() => ['127.0.0.1', receiver.port, scheme === 'https']))
    }
    await settle()
    expect(receiver.connections).toHaveLength(2)
    expect(receiver.received).toEqual(['', ''])
  })
})

describe('what a refusal tells', () => {
  it('is the same for a port that is open and one that is closed, and names no address', async () => {
    const sender = senderOf({ guard: new AddressGuard([]), lookup: () => Promise.resolve(['10.1.2.3']) })
    const failures = await Promise.all(
      [...PORTS(), 1, 443].flatMap((port) => [
        failureOf(post(sender, `http://127.0.0.1:${port}/`)),
        failureOf(post(sender, `https://hook.example:${port}/`)),
      ]),
    )
    expect(new Set(failures.map(({ name, code, message }) => [name, code, message].join()))).toEqual(
      new Set([
        'SendError,address_not_public,the endpoint is not on the public internet, and webhooks are sent nowhere else',
      ]),
    )
  })

  it('tells https and ports apart for public addresses alone', async () => {
    const sender = senderOf({ guard: new AddressGuard([]), lookup: () => Promise.resolve(['8.8.8.8']) })
    expect(
      await outcomes(['http://hook.example/', 'https://hook.example:22/'].map((url) => post(sender, url))),
    ).toEqual(['not_https', 'port_not_allowed'])
  })
})
