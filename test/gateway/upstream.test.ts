import { generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { UpstreamPools, UPSTREAM_TIMEOUTS } from '../../server/src/gateway/upstream-pools.js'
import { startGateway, World } from './support.js'
import { ask, bearer, requestBytes } from './raw-http.js'
import { Cleanup, until } from './waiting.js'

const cleanup = new Cleanup()
afterEach(() => cleanup.run())

describe('the pools of upstreams', () => {
  it('are bounded, and the one that was not used for longest gives way', async () => {
    const pools = new UpstreamPools(UPSTREAM_TIMEOUTS, 2)
    cleanup.add(() => pools.destroy())
    const one = pools.get('http://one.test')
    const two = pools.get('http://two.test')
    expect(pools.get('http://one.test')).toBe(one)
    pools.get('http://three.test')
    expect(pools.size).toBe(2)
    await until(() => two.closed, 'the second was closed')
    expect(pools.get('http://one.test')).toBe(one)
    expect(one.closed).toBe(false)
    expect(() => pools.get('ftp://one.test')).toThrow()
  })
})

describe('an upstream with TLS', () => {
  /** A certificate that nobody vouches for, and its key. */
  function selfSigned(): { key: string; cert: string } {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const der = (tag: number, ...parts: Buffer[]): Buffer => {
      const body = Buffer.concat(parts)
      const length =
        body.length < 128
          ? [body.length]
          : body.length < 256
            ? [0x81, body.length]
            : [0x82, body.length >> 8, body.length & 255]
      return Buffer.concat([Buffer.from([tag, ...length]), body])
    }
    const algorithm = der(0x30, der(0x06, Buffer.from('2a8648ce3d040302', 'hex')))
    const name = der(
      0x30,
      der(0x31, der(0x30, der(0x06, Buffer.from('550403', 'hex')), der(0x0c, Buffer.from('127.0.0.1')))),
    )
    const validity = der(
      0x30,
      der(0x17, Buffer.from('200101000000Z')),
      der(0x17, Buffer.from('491231235959Z')),
    )
    const keyInfo = publicKey.export({ type: 'spki', format: 'der' })
    const content = der(0x30, der(0x02, Buffer.from([1])), algorithm, name, validity, name, keyInfo)
    const signature = der(0x03, Buffer.from([0]), sign('sha256', content, privateKey))
    const base64 = der(0x30, content, algorithm, signature).toString('base64')
    const cert = `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`
    return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
  }

  it('is not believed without a certificate that holds, whatever the environment says', async () => {
    let received = ''
    const server = createServer(selfSigned(), (socket) =>
      socket.on('data', (chunk) => (received += String(chunk))),
    )
    server.on('tlsClientError', () => undefined)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanup.add(() => new Promise((resolve) => server.close(resolve)))
    const world = new World()
    const origin = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`
    const { port } = await startGateway(cleanup, world, origin)
    const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    try {
      const response = await ask(cleanup, port, requestBytes('GET', '/get-agent/x', [bearer(world.addKey())]))
      expect(response.status).toBe(502)
    } finally {
      if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
      else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before
    }
    expect(world.logged[0]?.error.members['cause']).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
    expect(received).toBe('')
  })
})
