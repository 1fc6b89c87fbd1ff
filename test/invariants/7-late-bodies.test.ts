import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../support/server.js'

let server: TestServer

beforeAll(async () => {
  server = await startServer()
})

afterAll(async () => {
  await server.close()
})

/** Sends text over a raw connection and gathers what comes back. */
async function open(): Promise<{ socket: Socket; received: () => string; closed: Promise<void> }> {
  const { hostname, port } = new URL(server.gatewayUrl)
  const socket = connect(Number(port), hostname)
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await new Promise((resolve) => socket.once('connect', resolve))
  return { socket, received: () => text, closed }
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; waited < 20_000 && !condition(); waited += 20) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(condition()).toBe(true)
}

function head(token: string, length: string): string {
  return `POST /v2/create-phone-call HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n${length}\r\n\r\n`
}

describe('a revocation that comes before the end of a body', () => {
  it('refuses a small body whose last byte was held back', async () => {
    const { id, token } = await server.createKey({ call: 'edit' })
    const { socket, received } = await open()
    socket.write(`${head(token, 'Content-Length: 2')}{`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await server.call('POST', `/v1/keys/${id}/revoke`, { compromised: true })).status).toBe(200)
    socket.write('}')
    await until(() => received().includes('\r\n\r\n'))
    expect(received()).toMatch(/^HTTP\/1\.1 401 /)
    expect(received()).toContain('key_revoked')
    socket.destroy()
  })

  it('breaks off a body that is streamed', async () => {
    const { id, token } = await server.createKey({ call: 'edit' })
    const { socket, received, closed } = await open()
    socket.write(`${head(token, 'Transfer-Encoding: chunked')}1\r\n{\r\n`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await server.call('POST', `/v1/keys/${id}/revoke`)
    await closed
    expect(received()).not.toMatch(/^HTTP\/1\.1 2/)
  })

  it('leaves a key alone that is still good', async () => {
    const { token } = await server.createKey({ call: 'edit' })
    const { socket, received } = await open()
    socket.write(`${head(token, 'Content-Length: 2')}{`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    socket.write('}')
    await until(() => received().includes('\r\n\r\n'))
    expect(received()).toMatch(/^HTTP\/1\.1 201 /)
    socket.destroy()
  })
})
