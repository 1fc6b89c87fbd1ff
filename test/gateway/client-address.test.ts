import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { clientAddress, parseTrustedProxies, peerOf } from '../../server/src/http/client-address.js'
import { startGateway, World } from './support.js'
import { ask, bearer, RawUpstream, requestBytes } from './raw-http.js'
import { Cleanup } from './waiting.js'

const proxies = parseTrustedProxies(['10.0.0.0/8', '2001:db8:ffff::/48', '127.0.0.1'])

function addressOf(peer: string | undefined, forwardedFor?: string): string | null {
  return clientAddress(peerOf(peer, proxies), forwardedFor, proxies)
}

describe('the caller’s address', () => {
  it.each([
    ['no proxy', '192.0.2.1', undefined, '192.0.2.1'],
    ['a stranger who claims to be a proxy', '192.0.2.1', '198.51.100.7', '192.0.2.1'],
    ['one proxy', '10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['two proxies', '10.0.0.1', '192.0.2.1, 10.0.0.2', '192.0.2.1'],
    ['a caller who made up the beginning', '10.0.0.1', '8.8.8.8, 127.0.0.1, 192.0.2.1', '192.0.2.1'],
    ['a caller who made up a proxy', '10.0.0.1', '8.8.8.8, 10.9.9.9, 192.0.2.1, 10.0.0.2', '192.0.2.1'],
    ['a caller who made up nonsense', '10.0.0.1', 'nonsense, 192.0.2.1', '192.0.2.1'],
    ['nothing but proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['a proxy that says nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['a proxy that says nonsense', '10.0.0.1', 'unknown', null],
    ['nonsense behind a proxy', '10.0.0.1', '192.0.2.1, _hidden, 10.0.0.2', null],
    ['an empty header', '10.0.0.1', '', null],
    ['an empty entry', '10.0.0.1', '192.0.2.1,', null],
    ['an empty entry before', '10.0.0.1', ',192.0.2.1', '192.0.2.1'],
    ['an octal spelling', '10.0.0.1', '0300.0.2.1', null],
    ['a short spelling', '10.0.0.1', '192.513', null],
    ['a port', '10.0.0.1', '192.0.2.1:4711', '192.0.2.1'],
    ['a port that is none', '10.0.0.1', '192.0.2.1:x', null],
    ['IPv6', '10.0.0.1', '2001:DB8::1', '2001:db8::1'],
    ['IPv6 in brackets', '10.0.0.1', '[2001:db8::1]', '2001:db8::1'],
    ['IPv6 and a port', '10.0.0.1', '[2001:db8::1]:4711', '2001:db8::1'],
    ['spaces and tabs', '10.0.0.1', '8.8.8.8 ,\t192.0.2.1 ', '192.0.2.1'],
    ['a mapped peer', '::ffff:192.0.2.1', undefined, '192.0.2.1'],
    ['a mapped proxy', '::ffff:10.0.0.1', '192.0.2.1', '192.0.2.1'],
    ['a mapped entry', '10.0.0.1', '::ffff:192.0.2.1', '192.0.2.1'],
    ['a mapped entry in hexadecimal', '10.0.0.1', '::FFFF:C000:0201', '192.0.2.1'],
    ['a mapped entry that is a proxy', '10.0.0.1', '192.0.2.1, ::ffff:10.1.1.1', '192.0.2.1'],
    ['an IPv6 proxy', '2001:db8:ffff::7', '192.0.2.1', '192.0.2.1'],
    ['a peer with a zone', 'fe80::1%eth0', undefined, 'fe80::1'],
    ['a UNIX socket', undefined, '192.0.2.1', null],
  ])('behind %s', (_name, peer, forwardedFor, expected) => {
    expect(addressOf(peer, forwardedFor)).toBe(expected)
  })

  it('is what the last trusted proxy saw, whatever the caller sent', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.ipV4(), (claimed, real) => {
        fc.pre(!real.startsWith('10.') && real !== '127.0.0.1')
        expect(addressOf('10.0.0.1', `${claimed}, ${real}`)).toBe(real)
        expect(addressOf(real, claimed)).toBe(real)
      }),
    )
  })

  it('is not found through ranges that are none', () => {
    expect(() => parseTrustedProxies(['10.0.0.0/8', 'proxy.test'])).toThrow('proxy.test')
  })
})

describe('a key that is bound to addresses', () => {
  const cleanup = new Cleanup()
  afterEach(() => cleanup.run())

  it('is judged by the address behind the proxies', async () => {
    const world = new World()
    const upstream = await RawUpstream.start(cleanup)
    const { port } = await startGateway(cleanup, world, upstream.origin, {
      trustedProxies: ['127.0.0.1', '10.0.0.0/8'],
    })
    const token = world.addKey({ allowedAddresses: ['192.0.2.0/24'] })
    const atProxy = world.addKey({ allowedAddresses: ['127.0.0.0/8', '10.0.0.0/8'] })
    const statusOf = async (key: string, lines: readonly string[]): Promise<number> =>
      (await ask(cleanup, port, requestBytes('GET', '/get-agent/x', [bearer(key), ...lines]))).status
    expect(await statusOf(token, ['X-Forwarded-For: 192.0.2.1'])).toBe(200)
    expect(await statusOf(token, ['X-Forwarded-For: 8.8.8.8', 'x-forwarded-for: 192.0.2.1, 10.0.0.1'])).toBe(
      200,
    )
    expect(await statusOf(token, ['X-Forwarded-For: 192.0.2.1, 8.8.8.8'])).toBe(403)
    expect(await statusOf(token, ['X-Forwarded-For: 192.0.2.1', 'X-Forwarded-For: 8.8.8.8'])).toBe(403)
    expect(await statusOf(token, [])).toBe(403)
    expect(await statusOf(atProxy, [])).toBe(200)
    expect(await statusOf(atProxy, ['X-Forwarded-For: garbage'])).toBe(403)
    expect(world.usage.take().map((usage) => usage.lastUsedAddress)).toEqual(['192.0.2.1', '127.0.0.1'])
  })

  it('is judged by the socket’s address where no proxy is trusted', async () => {
    const world = new World()
    const upstream = await RawUpstream.start(cleanup)
    const { port } = await startGateway(cleanup, world, upstream.origin)
    const token = world.addKey({ allowedAddresses: ['192.0.2.0/24'] })
    const lines = [
      bearer(token),
      'X-Forwarded-For: 192.0.2.1',
      'Forwarded: for=192.0.2.1',
      'X-Real-IP: 192.0.2.1',
    ]
    expect((await ask(cleanup, port, requestBytes('GET', '/get-agent/x', lines))).status).toBe(403)
  })
})
