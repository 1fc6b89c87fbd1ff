import { createHmac, timingSafeEqual } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  probeEndpoint,
  PROBE_SIGNATURES,
  type ProbeContent,
  type ProbeReport,
} from '../../server/src/webhooks/probe.js'
import { SendError } from '../../server/src/webhooks/safe-connect.js'
import type { SendAnswer } from '../../server/src/webhooks/sender.js'
import { http, receive, senderOf } from './receivers.js'

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const KEY = 'the key of the endpoint'

type Headers = Readonly<Record<string, string>>
/** A receiver: what it answers to a delivery. */
type Behaviour = (headers: Headers, body: string) => number

function mac(key: string, { id, timestampMilliseconds, body }: ProbeContent): string {
  return createHmac('sha256', key).update(`${id}.${timestampMilliseconds}.${body}`).digest('base64')
}

function sign(content: ProbeContent, forged: boolean): Record<string, string> {
  return {
    'webhook-id': content.id,
    'webhook-timestamp': String(content.timestampMilliseconds),
    'webhook-signature': `v1,${mac(forged ? 'another key' : KEY, content)}`,
  }
}

/** What a careful receiver checks, each part of which it may leave out. */
function receiver(parts: { presence?: boolean; key?: boolean; age?: boolean; body?: boolean }): Behaviour {
  const checks = { presence: true, key: true, age: true, body: true, ...parts }
  return (headers, body) => {
    const {
      'webhook-id': id = '',
      'webhook-timestamp': timestamp = '',
      'webhook-signature': signature,
    } = headers
    if (signature === undefined) return checks.presence ? 401 : 200
    if (checks.age && Math.abs(NOW - Number(timestamp)) > 300_000) return 401
    const content = { id, timestampMilliseconds: Number(timestamp), body }
    const expected = Buffer.from(mac(KEY, content))
    const given = Buffer.from(signature.slice(3))
    if (checks.body && checks.key) return timingSafeEqual(expected, given) ? 204 : 401
    // Without its body, a signature is only known to be made with the key or not.
    const isForged = given.equals(Buffer.from(mac('another key', content)))
    return checks.key && isForged ? 401 : 200
  }
}

function answerOf(status: number): SendAnswer {
  return { status, headers: {}, body: '', truncated: false, retryAfterSeconds: null, durationMilliseconds: 1 }
}

async function probe(behaviour: Behaviour): Promise<ProbeReport> {
  return probeEndpoint(
    (headers, body) => Promise.resolve(answerOf(behaviour(headers, body))),
    sign,
    () => NOW,
  )
}

describe('the probes', () => {
  it('are five deliveries of their own, each marked as what it is, the right one last', async () => {
    const sent: { headers: Headers; body: string }[] = []
    await probe((headers, body) => {
      sent.push({ headers, body })
      return 200
    })
    const bodies = sent.map(({ body }) => JSON.parse(body))
    expect(bodies).toEqual(
      PROBE_SIGNATURES.map((name) => ({
        type: 'webhook_endpoint.probe',
        timestamp: name === 'old' ? '2026-01-02T02:54:05.678Z' : '2026-01-02T03:04:05.678Z',
        data: { probe: name },
      })),
    )
    const [missing, wrong, old, tampered, right] = sent
    expect(missing!.headers).toEqual({})
    const ids = sent.slice(1).map(({ headers }) => headers['webhook-id'])
    expect(new Set(ids).size).toBe(4)
    const times = sent.slice(1).map(({ headers }) => NOW - Number(headers['webhook-timestamp']))
    expect(times).toEqual([0, 600_000, 0, 0])
    const verified = [wrong, old, tampered, right].map((delivery) => {
      const { headers, body } = delivery!
      const timestampMilliseconds = Number(headers['webhook-timestamp'])
      return (
        headers['webhook-signature'] ===
        `v1,${mac(KEY, { id: headers['webhook-id']!, timestampMilliseconds, body })}`
      )
    })
    expect(verified).toEqual([false, true, false, true])
  })
})

describe('a receiver', () => {
  it('that verifies has nothing to do', async () => {
    expect(await probe(receiver({}))).toEqual({
      verdict: 'verifies',
      findings: [],
      checks: PROBE_SIGNATURES.map((signature) => ({
        signature,
        status: signature === 'right' ? 204 : 401,
        error: null,
        accepted: signature === 'right',
      })),
    })
  })

  it('that takes everything is told so first', async () => {
    const report = await probe(() => 200)
    expect(report.verdict).toBe('accepts_unsigned')
    expect(report.findings[0]).toMatch(/to everything/)
    expect(report.findings).toHaveLength(5)
    expect(report.checks.every(({ accepted }) => accepted)).toBe(true)
  })

  it.each([
    [
      'takes deliveries without signature',
      { presence: false },
      'accepts_unsigned',
      [/without any signature/],
    ],
    [
      'looks for a signature and not at it',
      { key: false, body: false, age: false },
      'accepts_forged',
      [/not its own/, /another body/, /ten minutes ago/],
    ],
    ['does not cover the body', { body: false }, 'accepts_tampered', [/raw bytes/]],
    ['ignores the age', { age: false }, 'accepts_old', [/ten minutes ago/]],
    [
      'ignores the age and what has no signature',
      { age: false, presence: false },
      'accepts_unsigned',
      [/without any signature/, /ten minutes ago/],
    ],
  ] as const)('that %s is told what to do, the gravest first', async (_, parts, verdict, findings) => {
    const report = await probe(receiver(parts))
    expect(report.verdict).toBe(verdict)
    expect(report.findings).toEqual(findings.map((finding) => expect.stringMatching(finding)))
    expect(report.checks.at(-1)).toMatchObject({ signature: 'right', accepted: true })
  })

  it.each([
    [500, /answered 500 .* log/],
    [503, /answered 503 .* log/],
    [401, /answered 401 .* secret/],
    [400, /answered 400 .* raw bytes/],
    [302, /answered 302 .* Redirects are not followed/],
    [404, /answered 404 .* path/],
    [405, /answered 405 .* POST/],
    [410, /answered 410 .* path/],
  ])('that always answers %i refuses all', async (status, finding) => {
    const report = await probe(() => status)
    expect(report).toMatchObject({ verdict: 'refuses_all', findings: [expect.stringMatching(finding)] })
    expect(report.checks.map((check) => check.status)).toEqual(PROBE_SIGNATURES.map(() => status))
  })

  it('that takes the wrong and refuses the right hears of both', async () => {
    const report = await probe((_, body) => (body.includes('"wrong"') ? 200 : 403))
    expect(report.verdict).toBe('accepts_forged')
    expect(report.findings).toEqual([
      expect.stringMatching(/not its own/),
      expect.stringMatching(/answered 403/),
    ])
  })
})

describe('a receiver that does not answer', () => {
  it('what is badly signed verifies, and is told to answer', async () => {
    const real = await receive((socket, request) => {
      if (request.includes('"probe":"right"')) socket.write(http(200))
      else socket.resetAndDestroy()
    })
    const sender = senderOf()
    const url = new URL(`http://127.0.0.1:${real.port}/`)
    const report = await probeEndpoint(
      (headers, body) => sender.send({ url, headers, body }),
      sign,
      () => NOW,
    )
    expect(report).toMatchObject({ verdict: 'verifies', findings: [expect.stringMatching(/Answer 401/)] })
    expect(report.checks.map(({ error }) => error)).toEqual(['reset', 'reset', 'reset', 'reset', null])
  })

  it('what is rightly signed refuses all as long as it answers something', async () => {
    const report = await probeEndpoint(
      (_, body) =>
        body.includes('"right"')
          ? Promise.reject(new SendError('timeout', 'too slow'))
          : Promise.resolve(answerOf(401)),
      sign,
      () => NOW,
    )
    expect(report.verdict).toBe('refuses_all')
    expect(report.findings).toEqual([
      expect.stringMatching(/did not answer a rightly signed delivery \(timeout\)/),
    ])
  })

  it.each(['dns', 'connect', 'tls', 'address_not_public', 'not_https', 'port_not_allowed'] as const)(
    'because of %s is unreachable, and is not tried again',
    async (code) => {
      let sent = 0
      const send = (): Promise<SendAnswer> => {
        sent += 1
        return Promise.reject(new SendError(code, 'no'))
      }
      const report = await probeEndpoint(send, sign, () => NOW)
      expect(sent).toBe(1)
      expect(report).toMatchObject({
        verdict: 'unreachable',
        findings: [expect.stringContaining(`(${code})`)],
      })
      expect(report.checks.map(({ error }) => error)).toEqual([
        code,
        ...Array.from({ length: 4 }, () => 'not_sent'),
      ])
    },
  )

  it('in time is unreachable after all five', async () => {
    let sent = 0
    const send = (): Promise<SendAnswer> => {
      sent += 1
      return Promise.reject(new SendError('timeout', 'too slow'))
    }
    expect((await probeEndpoint(send, sign, () => NOW)).verdict).toBe('unreachable')
    expect(sent).toBe(5)
  })

  it('because of a mistake on this side is not judged', async () => {
    const mistake = probeEndpoint(
      () => Promise.reject(new TypeError('a mistake here')),
      sign,
      () => NOW,
    )
    await expect(mistake).rejects.toThrow('a mistake here')
  })
})
