import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { closeSync, constants, openSync, rmSync, writeFileSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  createLookup,
  FAILURE_MILLISECONDS,
  type LookupOptions,
} from '../../server/src/webhooks/resolve-host.js'
import type { Lookup } from '../../server/src/webhooks/safe-connect.js'
import type { SendAnswer, WebhookSender } from '../../server/src/webhooks/sender.js'
import { temporaryDirectory } from '../audit/sink-fixtures.js'
import { failureOf, guardOf, http, later, receive, senderOf } from './receivers.js'

/** How long names may take that come to nothing, in milliseconds. */
const SHORT = 200
const NXDOMAIN = 3
const SERVFAIL = 2

/** What a name server has for a name: addresses, the code of an error, nothing at all, or bytes that are no answer. */
interface Zone {
  readonly a?: readonly string[] | number | 'silence' | 'garbage'
  readonly aaaa?: readonly string[] | number | 'silence' | 'garbage'
}

interface NameServer {
  readonly address: string
  /** What was asked, the kind and the name, in order. */
  readonly asked: string[]
}

/** A name server on this machine. It does not know other names. */
async function serve(zones: Readonly<Record<string, Zone>>): Promise<NameServer> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (query, { port, address }) => {
    const labels: string[] = []
    let at = 12
    for (let length = query[at]!; length > 0; length = query[at]!) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
    const name = labels.join('.')
    const isA = query.readUInt16BE(at + 1) === 1
    asked.push(`${isA ? 'A' : 'AAAA'} ${name}`)
    const zone = Object.hasOwn(zones, name) ? zones[name] : undefined
    const has = zone === undefined ? NXDOMAIN : ((isA ? zone.a : zone.aaaa) ?? [])
    if (has === 'silence') return
    const question = query.subarray(12, at + 5)
    const records = typeof has === 'object' ? has.map((text) => record(text, isA)) : []
    const header = Buffer.from(query.subarray(0, 12))
    header.writeUInt16BE(0x8180 | (typeof has === 'number' ? has : 0), 2)
    for (const [index, count] of [1, has === 'garbage' ? 9 : records.length, 0, 0].entries())
      header.writeUInt16BE(count, 4 + 2 * index)
    const rest = has === 'garbage' ? [Buffer.from('no record, but \xff\xff\xff', 'latin1')] : records
    socket.send(Buffer.concat([header, question, ...rest]), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  later(() => new Promise<void>((resolve) => socket.close(() => resolve())))
  return { address: `127.0.0.1:${String(socket.address().port)}`, asked }
}

function record(text: string, isA: boolean): Buffer {
  const data = isA ? Buffer.from(text.split('.').map(Number)) : Buffer.from(text.replaceAll(':', ''), 'hex')
  const fixed = Buffer.alloc(12)
  fixed.writeUInt16BE(0xc00c, 0)
  fixed.writeUInt16BE(isA ? 1 : 28, 2)
  fixed.writeUInt16BE(1, 4)
  fixed.writeUInt32BE(3600, 6)
  fixed.writeUInt16BE(data.length, 10)
  return Buffer.concat([fixed, data])
}

/** A lookup that asks this server alone and knows no other names. */
function lookupAt(server: NameServer, options: LookupOptions = {}): Lookup {
  return createLookup({ servers: [server.address], hostsPath: '/nowhere', ...options })
}

function hostsFile(text: string): string {
  const path = join(temporaryDirectory(), 'hosts')
  writeFileSync(path, text)
  return path
}

const SIX = '2001:0db8:0000:0000:0000:0000:0000:0006'

describe('a name in the DNS', () => {
  it('has its A and AAAA records, by turns, or those of the one kind that it has', async () => {
    const server = await serve({
      'four.example': { a: ['192.0.2.1', '192.0.2.2'] },
      'six.example': { aaaa: [SIX] },
      'both.example': { a: ['192.0.2.1', '192.0.2.2', '192.0.2.1'], aaaa: [SIX] },
      'half.example': { a: ['192.0.2.1'], aaaa: SERVFAIL },
      'wrong.example': { a: NXDOMAIN, aaaa: [SIX] },
    })
    const lookup = lookupAt(server)
    expect(await lookup('four.example')).toEqual(['192.0.2.1', '192.0.2.2'])
    expect(await lookup('six.example')).toEqual(['2001:db8::6'])
    expect(await lookup('both.example')).toEqual(['192.0.2.1', '2001:db8::6', '192.0.2.2'])
    expect(await lookup('half.example')).toEqual(['192.0.2.1'])
    expect(await lookup('wrong.example')).toEqual(['2001:db8::6'])
  })

  it('has what came where the rest does not come', async () => {
    const server = await serve({ 'half.example': { a: ['192.0.2.1'], aaaa: 'silence' } })
    expect(await lookupAt(server, { limitMilliseconds: 1000 })('half.example')).toEqual(['192.0.2.1'])
  })

  it('is asked for in small letters, without the dot at its end and without a search domain', async () => {
    const server = await serve({ 'good.example': { a: ['192.0.2.1'] }, short: {} })
    const lookup = lookupAt(server)
    expect(await lookup('GOOD.Example.')).toEqual(['192.0.2.1'])
    await expect(lookup('short')).rejects.toThrow('A: ENODATA')
    expect([...server.asked].sort()).toEqual(['A good.example', 'A short', 'AAAA good.example', 'AAAA short'])
  })

  it.each<[string, Zone]>([
    ['does not exist', { a: NXDOMAIN, aaaa: NXDOMAIN }],
    ['has no address', {}],
    ['has a server that fails', { a: SERVFAIL, aaaa: SERVFAIL }],
    ['has a server that never answers', { a: 'silence', aaaa: 'silence' }],
    ['has a server that talks nonsense', { a: 'garbage', aaaa: 'garbage' }],
    ['does not exist for the one kind and has no server for the other', { a: NXDOMAIN, aaaa: 'silence' }],
  ])('fails where it %s, and its owner hears no more than that', async (_, zone) => {
    const server = await serve({ 'bad.example': zone })
    const sender = senderOf({ lookup: lookupAt(server, { limitMilliseconds: SHORT }) })
    const url = new URL('https://bad.example/')
    const failure = await failureOf(sender.send({ url, headers: {}, body: '' }))
    expect([failure.code, failure.message]).toEqual([
      'dns',
      'the name of the endpoint does not resolve to an address',
    ])
    while (!server.asked.includes('A bad.example')) await new Promise(setImmediate)
  })

  it('fails unasked where it is none', async () => {
    const server = await serve({})
    const lookup = lookupAt(server)
    for (const name of ['', '.', 'a..b', `${'a'.repeat(64)}.example`])
      await expect(lookup(name)).rejects.toThrow()
    expect(server.asked).toEqual([])
  })
})

describe('what is asked of the DNS', () => {
  it('is asked once for all who want it at one time, and again later', async () => {
    const server = await serve({ 'good.example': { a: ['192.0.2.1'] } })
    const lookup = lookupAt(server)
    const names = ['good.example', 'GOOD.example', 'good.example.']
    expect(await Promise.all(names.map((name) => lookup(name)))).toEqual(names.map(() => ['192.0.2.1']))
    expect(server.asked).toHaveLength(2)
    await lookup('good.example')
    expect(server.asked).toHaveLength(4)
  })

  it('is not asked again for a while after a failure', async () => {
    const zones: Record<string, Zone> = { 'late.example': { a: NXDOMAIN, aaaa: 'silence' } }
    const server = await serve(zones)
    const clock = { now: 0 }
    const lookup = lookupAt(server, { limitMilliseconds: SHORT, now: () => clock.now })
    await expect(lookup('late.example')).rejects.toThrow('no address')
    zones['late.example'] = { a: ['192.0.2.1'] }
    clock.now = FAILURE_MILLISECONDS - 1
    const asked = server.asked.length
    await expect(lookup('LATE.example.')).rejects.toThrow('no address')
    expect(server.asked).toHaveLength(asked)
    clock.now = FAILURE_MILLISECONDS
    expect(await lookup('late.example')).toEqual(['192.0.2.1'])
  })

  it('is forgotten with its failures once there are very many', async () => {
    const server = await serve({})
    const lookup = lookupAt(server, { now: () => 0 })
    const times = (name: string): number => server.asked.filter((it) => it === `A ${name}`).length
    await expect(lookup('first.example')).rejects.toThrow()
    await expect(lookup('first.example')).rejects.toThrow()
    expect(times('first.example')).toBe(1)
    // None of these is a name, so that the DNS is not needed for it.
    for (let index = 0; index < 1000; index++) await expect(lookup(`${index}..example`)).rejects.toThrow()
    await expect(lookup('first.example')).rejects.toThrow()
    expect(times('first.example')).toBe(2)
  })

  it('is cancelled once nobody waits for it, and that is no failure', async () => {
    const zones: Record<string, Zone> = { 'slow.example': { a: 'silence', aaaa: 'silence' } }
    const server = await serve(zones)
    const lookup = lookupAt(server)
    const [one, two] = [new AbortController(), new AbortController()]
    const first = lookup('slow.example', one.signal)
    const second = lookup('slow.example', two.signal)
    one.abort(new Error('enough'))
    await expect(first).rejects.toThrow('enough')
    while (server.asked.length < 2) await new Promise(setImmediate)
    zones['slow.example'] = { a: ['192.0.2.1'] }
    two.abort(new Error('enough as well'))
    await expect(second).rejects.toThrow('enough as well')
    expect(await lookup('slow.example')).toEqual(['192.0.2.1'])
    await expect(lookup('slow.example', one.signal)).rejects.toThrow('enough')
  })

  it('goes on for those who still wait', async () => {
    const zones: Record<string, Zone> = { 'slow.example': { a: 'silence', aaaa: 'silence' } }
    const server = await serve(zones)
    const lookup = lookupAt(server)
    const left = new AbortController()
    const waiting = lookup('slow.example')
    const leaving = lookup('slow.example', left.signal)
    while (server.asked.length < 2) await new Promise(setImmediate)
    left.abort(new Error('enough'))
    await expect(leaving).rejects.toThrow('enough')
    // The next try gets an answer.
    zones['slow.example'] = { a: ['192.0.2.1'] }
    expect(await waiting).toEqual(['192.0.2.1'])
  })
})

describe('a name whose server never answers', () => {
  it('holds up no other, even while all threads are busy', async () => {
    const silent: Zone = { a: 'silence', aaaa: 'silence' }
    const names = Array.from({ length: 50 }, (_, index) => `dead-${index}.example`)
    const zones = Object.fromEntries(names.map((name) => [name, silent]))
    const server = await serve({ ...zones, 'good.example': { a: ['192.0.2.1'], aaaa: [SIX] } })
    const lookup = lookupAt(server, { limitMilliseconds: 60_000 })
    const threads = occupyThreads()
    const closing = names.map(() => new AbortController())
    let settled = 0
    const dead = names.map((name, at) => lookup(name, closing[at]!.signal).finally(() => (settled += 1)))
    const outcomes = Promise.allSettled(dead)
    while (names.some((name) => !server.asked.includes(`A ${name}`))) await new Promise(setImmediate)
    expect(await lookup('good.example')).toEqual(['192.0.2.1', '2001:db8::6'])
    expect([settled, threads.isFree()]).toEqual([0, false])
    for (const controller of closing) controller.abort(new Error('enough'))
    expect((await outcomes).map(({ status }) => status)).toEqual(names.map(() => 'rejected'))
    await threads.release()
    expect(threads.isFree()).toBe(true)
  })
})

/** Lets every thread that serves files and `getaddrinfo` wait for the writer of a pipe. */
function occupyThreads(): { isFree: () => boolean; release: () => Promise<void> } {
  const pipe = join(temporaryDirectory(), 'pipe')
  execFileSync('mkfifo', [pipe])
  const count = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4)
  const readers = Array.from({ length: count }, () => open(pipe, 'r'))
  let isFree = false
  const next = stat('/').then(() => {
    isFree = true
  })
  const release = async (): Promise<void> => {
    // For both, as it would wait for a reader otherwise.
    const writer = openSync(pipe, constants.O_RDWR)
    for (const reader of await Promise.all(readers)) await reader.close()
    closeSync(writer)
    await next
  }
  later(() => (isFree ? undefined : release()))
  return { isFree: () => isFree, release }
}

describe('a name of the hosts file', () => {
  it('is what the file says at the time, and the DNS is not asked', async () => {
    const server = await serve({ 'other.example': { a: ['192.0.2.9'] } })
    const hostsPath = hostsFile(
      '# 192.0.2.7 one.example\n192.0.2.1\tOne.Example one # two.example\r\n  2001:db8::1  one.example.\n' +
        '192.0.2.1 one.example\nnonsense other.example\n192.0.2.300 other.example\n\n192.0.2.4',
    )
    const lookup = lookupAt(server, { hostsPath })
    expect(await lookup('one.example')).toEqual(['192.0.2.1', '2001:db8::1'])
    expect(await lookup('ONE.')).toEqual(['192.0.2.1'])
    expect(server.asked).toEqual([])
    expect(await lookup('other.example')).toEqual(['192.0.2.9'])
    await expect(lookup('two.example')).rejects.toThrow('ENOTFOUND')
    await expect(lookup('constructor')).rejects.toThrow('ENOTFOUND')
    writeFileSync(hostsPath, '192.0.2.55 other.example')
    expect(await lookup('other.example')).toEqual(['192.0.2.55'])
    rmSync(hostsPath)
    expect(await lookup('other.example')).toEqual(['192.0.2.9'])
  })

  it('is this machine for localhost, whatever the file and the DNS say', async () => {
    const server = await serve({ localhost: { a: ['192.0.2.9'] }, 'a.localhost': { a: ['192.0.2.9'] } })
    const lookup = lookupAt(server, { hostsPath: hostsFile('192.0.2.8 localhost a.localhost') })
    for (const name of ['localhost', 'LOCALHOST.', 'a.localhost'])
      expect(await lookup(name)).toEqual(['127.0.0.1', '::1'])
    expect(server.asked).toEqual([])
  })

  it('is judged like any other, however it is written', async () => {
    const receiver = await receive((socket) => void socket.end(http(200)))
    const server = await serve({
      'dns.example': { a: ['127.0.0.1'] },
      'mixed.example': { a: ['8.8.8.8'], aaaa: [SIX] },
    })
    const hostsPath = hostsFile('127.0.0.1 inside.example xn--bcher-kva.example vm\n')
    const lookup = lookupAt(server, { hostsPath })
    const sendTo = (sender: WebhookSender, origin: string): Promise<SendAnswer> =>
      sender.send({ url: new URL(origin), headers: {}, body: '' })
    const hosts = [
      'inside.example',
      'INSIDE.example.',
      'ｉｎｓｉｄｅ。example',
      'bücher.example',
      'BÜCHER.example.',
      'vm',
    ]
    const refusing = senderOf({ guard: guardOf(), lookup })
    for (const host of [...hosts, 'localhost', 'x.localhost.', 'dns.example', 'DNS.example.']) {
      const failure = await failureOf(sendTo(refusing, `https://${host}:${receiver.port}/`))
      expect([host, failure.code]).toEqual([host, 'address_not_public'])
    }
    // One of its two addresses would be fine.
    expect((await failureOf(sendTo(refusing, 'https://mixed.example/'))).code).toBe('address_not_public')
    expect(receiver.connections).toHaveLength(0)
    const allowing = senderOf({ lookup })
    expect((await sendTo(allowing, `http://INSIDE.example.:${receiver.port}/`)).status).toBe(200)
  })
})
