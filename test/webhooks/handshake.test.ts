import { describe, expect, it } from 'vitest'
import { handshake, REQUESTED_RATE_PER_MINUTE } from '../../server/src/webhooks/handshake.js'
import { guardOf, http, receive, senderOf } from './receivers.js'

const ORIGIN = 'keys.example.com'

/** What a handshake with a receiver that answers so comes to. */
async function outcome(status: number, headers: Readonly<Record<string, string>>): Promise<unknown> {
  const receiver = await receive((socket) => socket.write(http(status, '', headers)))
  return handshake(senderOf(), new URL(`http://127.0.0.1:${receiver.port}/hook`), ORIGIN)
}

describe('a handshake', () => {
  it('asks with OPTIONS for permission to send from an origin at a rate', async () => {
    const receiver = await receive((socket) =>
      socket.write(http(200, '', { 'WebHook-Allowed-Origin': ORIGIN })),
    )
    const url = new URL(`http://127.0.0.1:${receiver.port}/hook?tenant=1`)
    expect(await handshake(senderOf(), url, ORIGIN)).toEqual({ ok: true, ratePerMinute: null })
    expect(receiver.received).toEqual([
      `OPTIONS /hook?tenant=1 HTTP/1.1\r\nhost: 127.0.0.1:${receiver.port}\r\nconnection: keep-alive\r\n` +
        `webhook-request-origin: ${ORIGIN}\r\nwebhook-request-rate: ${REQUESTED_RATE_PER_MINUTE}\r\n\r\n`,
    ])
  })

  it.each([
    [200, ORIGIN, '120', 120],
    [204, ORIGIN, '*', null],
    [200, '*', '60', 60],
    [200, ' KEYS.Example.com ', undefined, null],
    [299, '*', '999999999', 999_999_999],
  ])('%i with the origin "%s" and the rate %s grants %s', async (status, origin, rate, ratePerMinute) => {
    const rates = rate === undefined ? {} : { 'WebHook-Allowed-Rate': rate }
    expect(await outcome(status, { 'WebHook-Allowed-Origin': origin, ...rates })).toEqual({
      ok: true,
      ratePerMinute,
    })
  })

  it.each([
    [200, {}, /WebHook-Allowed-Origin: keys\.example\.com/],
    [200, { Allow: 'POST, OPTIONS', 'Access-Control-Allow-Origin': '*' }, /WebHook-Allowed-Origin/],
    [200, { 'WebHook-Allowed-Origin': '' }, /WebHook-Allowed-Origin/],
    [200, { 'WebHook-Allowed-Origin': 'example.com' }, /WebHook-Allowed-Origin/],
    [200, { 'WebHook-Allowed-Origin': `https://${ORIGIN}` }, /WebHook-Allowed-Origin/],
    [200, { 'WebHook-Allowed-Origin': `${ORIGIN}.evil.example` }, /WebHook-Allowed-Origin/],
    [200, { 'WebHook-Allowed-Origin': `${ORIGIN}, other.example` }, /WebHook-Allowed-Origin/],
    [200, { 'WebHook-Allowed-Origin': '**' }, /WebHook-Allowed-Origin/],
    [404, { 'WebHook-Allowed-Origin': '*' }, /answered 404 to OPTIONS/],
    [405, {}, /answered 405/],
    [301, { 'WebHook-Allowed-Origin': '*', location: 'https://elsewhere.example/' }, /answered 301/],
    [500, { 'WebHook-Allowed-Origin': '*' }, /answered 500/],
    ...['0', '1', '59', '000', '-1', '1.5', '1e3', 'many', '', '9'.repeat(16)].map(
      (rate) =>
        [
          200,
          { 'WebHook-Allowed-Origin': '*', 'WebHook-Allowed-Rate': rate },
          /Allowed-Rate must be/,
        ] as const,
    ),
  ] as const)('%i with %j is no permission', async (status, headers, reason) => {
    expect(await outcome(status, headers)).toEqual({ ok: false, reason: expect.stringMatching(reason) })
  })

  it('says why no answer came', async () => {
    const closed = await receive((socket) => socket.destroy())
    const url = new URL(`http://127.0.0.1:${closed.port}/`)
    expect(await handshake(senderOf(), url, ORIGIN)).toEqual({
      ok: false,
      reason: 'the connection ended before an answer came',
    })
    expect(await handshake(senderOf({ guard: guardOf() }), url, ORIGIN)).toMatchObject({ ok: false })
    expect(closed.connections).toHaveLength(1)
  })

  it('passes on what is not about the endpoint', async () => {
    const broken = { send: () => Promise.reject(new TypeError('a mistake here')) }
    await expect(handshake(broken, new URL('https://hook.example/'), ORIGIN)).rejects.toThrow(
      'a mistake here',
    )
  })
})
