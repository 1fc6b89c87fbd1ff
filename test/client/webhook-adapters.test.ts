import { afterEach, describe, expect, it } from 'vitest'
import type { ReceiveWebhookOptions } from '../../client/src/webhooks/index.js'
import { newDelivery, OTHER_TOKEN, tokenSigners } from '../support/webhooks.js'
import { closeAll, FRAMEWORKS, post, receiver } from './webhook-frameworks.js'

afterEach(closeAll)

/** The same delivery in pieces, without a length. */
function chunked(delivery: { body: string; headers: Record<string, string> }): RequestInit {
  const bytes = Buffer.from(delivery.body)
  const body = new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 333) controller.enqueue(bytes.subarray(at, at + 333))
      controller.close()
    },
  })
  return { ...post(delivery), body, duplex: 'half' }
}

describe.each(Object.entries(FRAMEWORKS))('%s', (_, mount) => {
  it('hands over what was signed to the byte, with odd spaces and letters', async () => {
    const { options, seen } = receiver()
    const send = await mount(options)
    const bodies = [
      '{}',
      '{ "a" : "é ñ 漢字 🎉 \\u00e9 \\/" ,\r\n\t"b":1.0,  "a":2 }',
      `\n {"long":"${'x'.repeat(100_000)}"} \n`,
    ]
    for (const body of bodies) {
      const delivery = newDelivery({ body })
      expect(await send(post(delivery))).toMatchObject({ status: 204, text: '' })
      expect(seen.at(-1)).toEqual([JSON.parse(body), expect.objectContaining({ id: delivery.id })])
    }
    expect(seen).toHaveLength(bodies.length)
  })

  it('answers 401, always with the same words, to what is not signed so', async () => {
    const { options, seen, refused } = receiver()
    const send = await mount(options)
    const good = newDelivery({ body: '{"a":1}' })
    const texts = new Set<string>()
    for (const bad of [
      { ...good, headers: {} },
      { ...good, body: '{"a": 1}' },
      { ...good, body: '' },
      { ...good, headers: { ...good.headers, 'x-retell-signature': 'v=1' } },
      newDelivery({ signers: tokenSigners(OTHER_TOKEN) }),
      newDelivery({ at: Date.now() - 302_000 }),
      newDelivery({ at: Date.now() + 302_000 }),
    ]) {
      const answer = await send(post(bad))
      expect(answer.status).toBe(401)
      texts.add(answer.text)
    }
    expect([...texts]).toEqual(['unauthorized'])
    expect(seen).toEqual([])
    expect(refused).toEqual([
      'unsigned',
      'mismatch',
      'mismatch',
      'malformed',
      'mismatch',
      'too_old',
      'too_new',
    ])
  })

  it('handles once what comes twice, and again what failed', async () => {
    let failures = 1
    const { options, seen, errors } = receiver()
    const send = await mount({
      ...options,
      handle: async (event, delivery) => {
        await Promise.resolve()
        if (failures-- > 0) throw new Error('not now')
        return options.handle(event, delivery)
      },
    })
    const delivery = newDelivery()
    const retry = newDelivery({ id: delivery.id, body: delivery.body, at: Date.now() + 1000 })
    expect(await send(post(delivery))).toMatchObject({ status: 500, text: 'internal error' })
    expect(errors).toEqual([new Error('not now')])
    for (const attempt of [retry, delivery, retry]) expect((await send(post(attempt))).status).toBe(204)
    expect(seen).toHaveLength(1)
  })

  it('handles once what comes many times at once', async () => {
    let calls = 0
    let finish: () => void = () => undefined
    const held = new Promise<void>((resolve) => (finish = resolve))
    const { options } = receiver({
      handle: () => {
        calls++
        return held
      },
    })
    const send = await mount(options)
    const delivery = newDelivery()
    const first = send(post(delivery))
    await expect.poll(() => calls).toBe(1)
    const others = await Promise.all(Array.from({ length: 5 }, () => send(post(delivery))))
    for (const other of others) {
      expect(other.status).toBe(503)
      expect(other.headers.get('retry-after')).toBe('5')
    }
    finish()
    expect((await first).status).toBe(204)
    expect((await send(post(delivery))).status).toBe(204)
    expect(calls).toBe(1)
  })

  it('answers 413 above the limit, with and without a length, and reads up to it', async () => {
    const { options, seen } = receiver({ maxBytes: 1000 })
    const send = await mount(options)
    const sized = (length: number) => newDelivery({ body: `{"a":"${'x'.repeat(length - 8)}"}` })
    expect((await send(post(sized(1000)))).status).toBe(204)
    expect((await send(post(sized(1001)))).status).toBe(413)
    expect((await send(post(sized(1_000_000)))).status).toBe(413)
    expect((await send(chunked(sized(1000)))).status).toBe(204)
    expect((await send(chunked(sized(1001)))).status).toBe(413)
    expect((await send(chunked(sized(300_000)))).status).toBe(413)
    expect(seen).toHaveLength(2)
  })

  it('answers the handshake', async () => {
    const shake = async (origin: string | null, given: Partial<ReceiveWebhookOptions> = {}) => {
      const send = await mount(receiver(given).options)
      const headers: Record<string, string> = origin === null ? {} : { 'WebHook-Request-Origin': origin }
      const answer = await send({ method: 'OPTIONS', headers })
      return [
        answer.status,
        answer.headers.get('webhook-allowed-origin'),
        answer.headers.get('webhook-allowed-rate'),
      ]
    }
    expect(await shake('keys.example.com')).toEqual([200, 'keys.example.com', null])
    expect(await shake('keys.example.com', { allowedRate: 120 })).toEqual([200, 'keys.example.com', '120'])
    const allowedOrigins = ['keys.example.com']
    expect(await shake('keys.example.com', { allowedOrigins, allowedRate: '*' })).toEqual([
      200,
      'keys.example.com',
      '*',
    ])
    expect(await shake('evil.example.com', { allowedOrigins, allowedRate: '*' })).toEqual([403, null, null])
    expect(await shake('a b', {})).toEqual([400, null, null])
  })
})
