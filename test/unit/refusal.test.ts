import {
  GUESSER_REASONS,
  KeyTable,
  refusalOf,
  statusOf,
  type DenialReason,
  type Operation,
  type Principal,
} from '@bitting/core'
import { describe, expect, it } from 'vitest'
import { API, digestOf, entryOf, WORKSPACE } from './key-fixtures.js'

const ID = '0123456789ABC007'

function holder(mask: readonly [number, number] = [0, 0]): Principal {
  const table = new KeyTable(1)
  table.setWorkspace(WORKSPACE)
  table.put(entryOf(ID, { mask }))
  return table.principal(table.match(ID, 0, digestOf(ID)))
}

function operationNamed(name: string): Operation {
  const operation = API.catalog.operations.find((it) => it.name === name)
  if (operation === undefined) throw new Error(name)
  return operation
}

const HOLDER_REASONS = [
  ['key_suspended', 401],
  ['key_revoked', 401],
  ['key_expired', 401],
  ['key_not_yet_active', 401],
  ['secret_retired', 401],
  ['address_not_allowed', 403],
  ['operation_unmapped', 403],
] as const satisfies [DenialReason, number][]

describe('refusalOf', () => {
  it('gives every guess one identical answer, even where the caller of it names a holder', () => {
    const expected = {
      status: 401,
      code: 'invalid_token',
      message: 'API key is missing or invalid.',
      required: null,
      granted: null,
      challenge: 'Bearer error="invalid_token"',
    }
    expect(GUESSER_REASONS.size).toBe(4)
    for (const reason of GUESSER_REASONS) {
      for (const principal of [null, holder()]) {
        for (const operation of [null, operationNamed('agent.get')]) {
          expect(refusalOf({ outcome: 'denied', reason, principal, operation })).toEqual(expected)
        }
      }
    }
  })

  it.each([...HOLDER_REASONS.map(([reason]) => reason), 'insufficient_scope'] as const)(
    'tells nobody of %s who did not prove to hold the key',
    (reason) => {
      const operation = operationNamed('agent.get')
      expect(refusalOf({ outcome: 'denied', reason, principal: null, operation }).code).toBe('invalid_token')
    },
  )

  it.each(HOLDER_REASONS)('tells the holder of %s, with status %i and what to do', (reason, status) => {
    const refusal = refusalOf({ outcome: 'denied', reason, principal: holder(), operation: null })
    expect(refusal).toMatchObject({ status, code: reason, required: null, granted: null })
    expect(statusOf(reason)).toBe(status)
    expect(refusal.message).toMatch(/^[A-Z].*[.] [A-Z].*[.]$/)
    const error = status === 401 ? 'invalid_token' : 'insufficient_scope'
    expect(refusal.challenge).toBe(`Bearer error="${error}", error_description="${reason}"`)
  })

  it('has a message of its own for every reason', () => {
    const messages = HOLDER_REASONS.map(
      ([reason]) => refusalOf({ outcome: 'denied', reason, principal: holder(), operation: null }).message,
    )
    expect(new Set(messages).size).toBe(messages.length)
  })

  it.each([
    ['agent.get', [0, 0], 'Agent: Read (it has No Access)', 'agent:read', 'agent:none'],
    ['agent.create', [0, 0], 'Agent: Edit (it has No Access)', 'agent:edit', 'agent:none'],
    ['agent.create', [1, 0], 'Agent: Edit (it has Read)', 'agent:edit', 'agent:read'],
    ['call.list', [2, 0], 'History: Read (it has No Access)', 'history:read', 'history:none'],
    ['POST /calls', [0b1010, 0], 'Call: Edit (it has No Access)', 'call:edit', 'call:none'],
  ] as const)(
    'of %s names the permission, both levels, the operation and the key',
    (name, mask, lack, required, granted) => {
      const operation = operationNamed(name)
      const refusal = refusalOf({
        outcome: 'denied',
        reason: 'insufficient_scope',
        principal: holder(mask),
        operation,
      })
      expect(refusal).toEqual({
        status: 403,
        code: 'insufficient_scope',
        message: `This API key lacks ${lack}, which ${name} needs. Change it under API Keys > key_0123456789ABC.`,
        required,
        granted,
        challenge: `Bearer error="insufficient_scope", scope="${required}"`,
      })
    },
  )
})

describe('statusOf', () => {
  it('is 401 for every guess', () => {
    expect([...GUESSER_REASONS].map(statusOf)).toEqual([401, 401, 401, 401])
  })
})
