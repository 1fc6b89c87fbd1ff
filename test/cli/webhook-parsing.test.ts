import { describe, expect, it } from 'vitest'
import { CommandError } from '../../server/src/cli/command-error.js'
import { parseHeaders } from '../../server/src/cli/webhooks/header-file.js'
import {
  endpointIdArgument,
  endpointUrlArgument,
  eventFilterArgument,
  eventIdArgument,
  eventTypeArgument,
  rateArgument,
  relayIdArgument,
  requestsArgument,
  schemesArgument,
} from '../../server/src/cli/webhooks/webhook-arguments.js'

describe('ids of webhooks', () => {
  const [endpoint, relay, event] = ['whe_4Zr0qN1b8Xc2D', `whr_${'0aZ'.repeat(7)}1`, `evt_${'0aZ'.repeat(7)}1`]

  it('are told apart', () => {
    expect([endpointIdArgument(endpoint), relayIdArgument(relay), eventIdArgument(event)]).toEqual([
      endpoint,
      relay,
      event,
    ])
    for (const [parse, hint, others] of [
      [endpointIdArgument, 'bitting webhooks list', [relay, event, `${endpoint}0`, `${endpoint}/..`, '']],
      [relayIdArgument, 'bitting webhooks relays list', [endpoint, event, `${relay}0`, '']],
      [eventIdArgument, 'bitting events list', [endpoint, relay, `${event}0`, '']],
    ] as const) {
      for (const other of others) expect(hintOf(() => parse(other))).toContain(hint)
    }
  })
})

describe('the address of an endpoint', () => {
  it('is an address of the web', () => {
    expect(endpointUrlArgument('https://example.com/a?b=c')).toBe('https://example.com/a?b=c')
  })

  it.each([
    ['example.com', 'absolute address'],
    ['ftp://example.com', 'absolute address'],
    ['https://example.com/#a', 'fragment'],
    ['https://example.com/a b', 'without spaces'],
    ['https://user:hunter2@example.com', 'without a user name'],
  ])('is not %s', (text, hint) => {
    const error = errorOf(() => endpointUrlArgument(text))
    expect(error.hint).toContain(hint)
    expect(`${error.message} ${error.hint ?? ''}`).not.toContain('hunter2')
  })
})

describe('what an endpoint wants', () => {
  it('is types, beginnings of types, or all', () => {
    expect(eventFilterArgument('key.*, call_ended ,*,a.b-c.*')).toEqual([
      'key.*',
      'call_ended',
      '*',
      'a.b-c.*',
    ])
  })

  it.each(['', ',', 'key.', '.*', '*.key', 'key*', 'a..b', 'a b', '1a', 'a'.repeat(129)])(
    'is not %j',
    (text) => {
      expect(() => eventFilterArgument(text)).toThrow(/types of events/)
    },
  )

  it('can be signed in every way that there is', () => {
    expect(schemesArgument('standard, retell,body,ed25519')).toEqual([
      'standard',
      'retell',
      'body',
      'ed25519',
    ])
    for (const text of ['', 'hmac', 'standard,', 'Standard']) {
      expect(() => schemesArgument(text)).toThrow(/standard, retell, body, ed25519/)
    }
  })

  it('comes at a pace', () => {
    expect([rateArgument('none'), rateArgument('1'), rateArgument('1000')]).toEqual(['none', 1, 1000])
    for (const text of ['0', '1001', '-1', '1.5', '1e2', '', 'all']) {
      expect(() => rateArgument(text)).toThrow(/1 to 1000/)
    }
    expect([requestsArgument(64)('1'), requestsArgument(64)('64')]).toEqual([1, 64])
    for (const text of ['0', '65', 'none', '']) expect(() => requestsArgument(64)(text)).toThrow(/1 to 64/)
  })
})

describe('a type of event', () => {
  it('is words with dots between', () => {
    expect(eventTypeArgument('invoice.paid')).toBe('invoice.paid')
    for (const text of ['', '*', 'invoice.*', 'invoice paid', '.a']) {
      expect(() => eventTypeArgument(text)).toThrow(/invoice\.paid/)
    }
  })
})

describe('a file of header fields', () => {
  it('has one a line', () => {
    expect(parseHeaders('X-A: b\r\n\r\n', 'f')).toEqual({ 'X-A': 'b' })
    expect(parseHeaders('a:b:c\nx-d:  e f\t\n', 'f')).toEqual({ a: 'b:c', 'x-d': 'e f' })
  })

  it.each([
    ['', 'f has no header field'],
    ['a b: c', 'line 1 of f is not'],
    ['\na', 'line 2 of f is not'],
    ['a:', 'line 1 of f is not'],
    [': b', 'line 1 of f is not'],
    ['a: b\nA: c', 'line 2 of f names A a second time'],
  ])('is not %j', (text, message) => {
    expect(errorOf(() => parseHeaders(text, 'f')).message).toContain(message)
  })
})

function errorOf(work: () => unknown): CommandError {
  try {
    work()
  } catch (error) {
    if (error instanceof CommandError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

function hintOf(work: () => unknown): string | null {
  return errorOf(work).hint
}
