import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useServer } from '../http/support.js'

/**
 * From one raw socket through the gateway to another: what the upstream reads is byte for byte the path that was
 * matched, and what could be read in two ways never arrives. The corpus of such paths is in test/gateway.
 */
describe('invariant 9: the same path is matched and forwarded', () => {
  /** The request lines that arrived. */
  const arrived: string[] = []
  const upstream: Server = createServer((socket: Socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (part) => {
      arrived.push(part.toString('latin1').split('\r\n')[0] ?? '')
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}')
    })
  })
  const settings: Record<string, string> = { BITTING_UPSTREAM_KEY: 'upstream' }
  // Hooks run in their order: the upstream listens before the node starts with its address.
  beforeAll(async () => {
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    settings['BITTING_UPSTREAM'] = `http://127.0.0.1:${String((upstream.address() as AddressInfo).port)}`
  })
  const suite = useServer('sqlite', settings)
  let reader = ''

  beforeAll(async () => {
    const mapping = (path: string, permission: string) => ({ method: 'GET', path, permission, level: 'read' })
    await suite.tenant.call('PUT', '/v1/catalog/overlay', {
      operations: [
        mapping('/things/{id}', 'history'),
        mapping('/things/secret', 'agent'),
        mapping('/open/{a}/{b}', 'history'),
      ],
    })
    reader = (await suite.tenant.createKey({ access: { history: 'read' } })).token
  })
  afterAll(() => {
    upstream.close()
  })

  /** Sends a request line as it stands and returns the status of the answer. */
  const send = (target: string): Promise<number> => {
    const { hostname, port } = new URL(suite.server.gatewayUrl)
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname)
      let text = ''
      socket.on('data', (part) => (text += part.toString('latin1')))
      socket.on('error', reject)
      socket.on('close', () => {
        resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]))
      })
      socket.write(
        `GET ${target} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ${reader}\r\nConnection: close\r\n\r\n`,
        'latin1',
      )
    })
  }

  test.each([
    '/things/1',
    '/things/a%20b',
    '/things/%41',
    '/things/a+b',
    '/things/a:b@c',
    '/things/%F0%9F%94%91',
    '/things/a%25b',
    "/things/!$&'()*+,;=-._~",
    '/things/1?x=/../y&z=%2e%2e%2f',
    '/open/x/%E2%82%AC',
  ])('%s arrives as it was sent', async (target) => {
    arrived.length = 0
    expect(await send(target)).toBe(200)
    expect(arrived).toEqual([`GET ${target} HTTP/1.1`])
  })

  test.each([
    // What another server may read as /things/secret, which this key may not see.
    '/things/secret',
    '/things/SECRET',
    '/things/%73ecret',
    '/things/secret;x=1',
    '/things/secret.json',
    '/things/x/../secret',
    '/things/./secret',
    '/things//secret',
    '//things/secret',
    '/things/x/%2e%2e/secret',
    '/things/x/..;/secret',
    '/things\\secret',
    '/things%2Fsecret',
    '/things%5Csecret',
    '/things/x%252F..%252Fsecret',
    '/things/secret%00',
    '/things/secret%0a',
    '/things/secret#x',
    '/things/%zz',
    '/things/%C0%AE%C0%AE',
    'http://elsewhere/things/1',
    '/things/\u00e9',
  ])('%s never arrives', async (target) => {
    arrived.length = 0
    const status = await send(target)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    expect(arrived).toEqual([])
  })
})
