import { inspect } from 'node:util'
import {
  accessIncludes,
  BASE62_ALPHABET,
  formatToken,
  keyState,
  KeyTable,
  packAccess,
  refusalOf,
  secretIdOf,
  verify,
  type Access,
  type Catalog,
  type Decision,
  type Level,
  type StateMarks,
} from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { activate, digestBytesOf, digestOf, entryOf, MANAGEMENT, WORKSPACE } from '../unit/key-fixtures.js'
import { accessOf, allowedByHand, catalogFrom, requirementOf, wishes, world } from './access-world.js'

const digits = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...BASE62_ALPHABET.split('')), minLength: length, maxLength: length })
const token = fc
  .record({
    brand: fc.constantFrom('btg', 'btgm', 'sk'),
    environment: fc.constantFrom('development' as const, 'staging' as const, 'production' as const),
    secretId: fc.tuple(digits(13), fc.nat(99)).map(([id, generation]) => secretIdOf(`key_${id}`, generation)),
    secret: digits(43),
  })
  .map((parts) => ({ ...parts, text: formatToken(parts) }))

const SECRET_ID = '0123456789ABC007'

/** Says what a live key of an access may do in a world. */
function deciderOf(catalog: Catalog, access: Access): (method: string, path: string) => Decision {
  const text = formatToken({
    brand: 'btg',
    environment: 'production',
    secretId: SECRET_ID,
    secret: 'x'.repeat(43),
  })
  const table = new KeyTable(1)
  table.setWorkspace({ ...WORKSPACE, catalogs: { api: activate(catalog), management: MANAGEMENT } })
  const mask = access === 'full' ? ([0, 0] as const) : packAccess(catalog, access)
  table.put(entryOf(SECRET_ID, { digest: digestBytesOf(text), full: access === 'full', mask }))
  return (method, path) => verify(table, digestOf, { token: text, address: null, method, path }, 0)
}

describe('verify', () => {
  it('lets a key of any access into exactly the operations of any catalog that its list covers', () => {
    let [allowed, refused] = [0, 0]
    fc.assert(
      fc.property(world, wishes, fc.boolean(), (it, wanted, full) => {
        const access = full && wanted[0] === 'none' ? 'full' : accessOf(it, wanted)
        const decide = deciderOf(catalogFrom(it), access)
        for (let operation = 0; operation < 18; operation++) {
          const requirement = requirementOf(it, operation)
          const decision = decide('GET', `/o${String(operation)}/7`)
          const expected = allowedByHand(access, requirement)
          expect(decision.outcome === 'allowed').toBe(expected)
          if (expected) allowed++
          else refused++
          if (decision.outcome === 'allowed') continue
          expect(decision.reason).toBe(
            Array.isArray(requirement) ? 'insufficient_scope' : 'operation_unmapped',
          )
        }
      }),
      { numRuns: 250 },
    )
    expect(Math.min(allowed, refused)).toBeGreaterThan(1000)
  })

  it('gives more to more access: what a key may, a key that includes it may', () => {
    fc.assert(
      fc.property(world, wishes, wishes, (it, wanted, more) => {
        const inner = accessOf(it, wanted)
        const outer = accessOf(
          it,
          wanted.map((level, number) => more[number] ?? level),
        )
        fc.pre(accessIncludes(outer, inner))
        const catalog = catalogFrom(it)
        const [small, large] = [deciderOf(catalog, inner), deciderOf(catalog, outer)]
        for (let operation = 0; operation < 18; operation++) {
          const path = `/o${String(operation)}/7`
          if (small('GET', path).outcome === 'allowed') expect(large('GET', path).outcome).toBe('allowed')
        }
      }),
      { numRuns: 200, maxSkipsPerRun: 10_000 },
    )
  })

  it('denies by default: what no catalog maps is for full keys alone, whatever the list', () => {
    const method = fc.constantFrom(
      'GET',
      'POST',
      'PUT',
      'PATCH',
      'DELETE',
      'OPTIONS',
      'get',
      '',
      'CONNECT',
      '__proto__',
    )
    const segment = fc.constantFrom(
      'o0',
      'O0',
      'o99',
      '7',
      '',
      '.',
      '..',
      '%6f0',
      'o0;',
      'o0.json',
      '{id}',
      'constructor',
    )
    const path = fc.oneof(
      fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`),
      fc.string(),
      fc.webPath(),
    )
    fc.assert(
      fc.property(world, method, path, (it, verb, text) => {
        const catalog = catalogFrom(it)
        const everything = accessOf(
          it,
          Array.from({ length: 32 }, () => 'edit'),
        )
        const covered = verb === 'GET' && /^\/o\d+\/[^/]+$/.test(text)
        fc.pre(!covered)
        expect(deciderOf(catalog, 'full')(verb, text)).toMatchObject({ outcome: 'allowed', operation: null })
        expect(deciderOf(catalog, everything)(verb, text)).toMatchObject({
          outcome: 'denied',
          reason: 'operation_unmapped',
        })
      }),
      { numRuns: 200 },
    )
  })
})

describe('a key', () => {
  const maybeTime = fc.option(fc.integer({ min: 1, max: 6 }), { nil: null })
  const marks: fc.Arbitrary<StateMarks> = fc.record({
    notBefore: maybeTime,
    expiresAt: maybeTime,
    suspendedAt: maybeTime,
    revokedAt: maybeTime,
    compromised: fc.boolean(),
    deletedAt: fc.constant(null),
  })
  const REASONS = {
    'pre-activation': 'key_not_yet_active',
    active: null,
    suspended: 'key_suspended',
    compromised: 'key_revoked',
  } as const

  it('is refused by the table exactly where its state is not active, and for the reason of its state', () => {
    fc.assert(
      fc.property(marks, fc.nat(7), (it, now) => {
        const { notBefore, expiresAt, revokedAt, suspendedAt } = it
        const state = revokedAt !== null ? 'revoked' : suspendedAt !== null ? 'suspended' : 'active'
        const table = new KeyTable(1)
        table.setWorkspace(WORKSPACE)
        table.put(entryOf(SECRET_ID, { state, notBefore, expiresAt }))
        const refusal = table.refusal(table.match(SECRET_ID, 0, digestOf(SECRET_ID)), null, now)
        const named = keyState(it, now)
        if (named === 'destroyed') throw new Error('not in this test')
        const expected =
          named === 'deactivated' ? (revokedAt === null ? 'key_expired' : 'key_revoked') : REASONS[named]
        expect(refusal).toBe(expected)
      }),
      { numRuns: 3000 },
    )
  })
})

describe('a refusal', () => {
  const WINDOW = 6

  /** Says which stretches of a token stand in a text, those of the public key id aside. */
  function leaks(text: string, presented: string, keyId: string): string[] {
    const windows = Array.from({ length: Math.max(0, presented.length - WINDOW + 1) }, (_, at) =>
      presented.slice(at, at + WINDOW),
    )
    return windows.filter((window) => text.includes(window) && !keyId.includes(window))
  }

  const changes = fc.record({
    state: fc.constantFrom('active' as const, 'suspended' as const, 'revoked' as const),
    retiring: fc.boolean(),
    expiresAt: fc.constantFrom(null, 10),
    notBefore: fc.constantFrom(null, 90),
    allowedAddresses: fc.constantFrom(null, ['10.0.0.0/8']),
  })
  const path = fc.constantFrom('/agents/7', '/agents', '/calls', '/contacts', '/nowhere')
  const method = fc.constantFrom('GET', 'POST')

  it('never has a stretch of the token in it beyond the public key id, and neither has the decision', () => {
    const codes = new Set<string>()
    fc.assert(
      fc.property(token, digits(43), changes, method, path, (it, otherSecret, conditions, verb, target) => {
        const table = new KeyTable(1)
        table.setWorkspace(WORKSPACE)
        table.put(entryOf(it.secretId, { ...conditions, digest: digestBytesOf(it.text) }))
        const guess = formatToken({ ...it, secret: otherSecret })
        const stranger = formatToken({ ...it, secretId: it.secretId.split('').reverse().join('') })
        for (const presented of [
          it.text,
          guess,
          stranger,
          it.text.slice(0, -1),
          `${it.text}x`,
          it.text + it.text,
        ]) {
          const decision = verify(
            table,
            digestOf,
            { token: presented, address: null, method: verb, path: target },
            50,
          )
          if (decision.outcome === 'allowed') continue
          const refusal = refusalOf(decision)
          codes.add(refusal.code)
          const keyId = decision.principal?.keyId ?? ''
          expect(leaks(JSON.stringify(refusal), presented, keyId)).toEqual([])
          const shown = inspect(decision, { depth: 2 }) + JSON.stringify({ ...decision, principal: null })
          expect(leaks(shown, presented, decision.principal?.secretId ?? '')).toEqual([])
          const secretDigest = digestBytesOf(presented)
          expect(shown).not.toContain(Buffer.from(secretDigest).toString('hex'))
        }
      }),
      { numRuns: 250 },
    )
    expect(codes.size).toBeGreaterThanOrEqual(8)
  })

  it('is the same value for a missing, a malformed, an unknown and a wrong token, in any state of the key', () => {
    fc.assert(
      fc.property(token, digits(43), changes, (it, otherSecret, conditions) => {
        const strangerId = it.secretId.split('').reverse().join('')
        fc.pre(otherSecret !== it.secret && strangerId !== it.secretId)
        const table = new KeyTable(1)
        table.setWorkspace(WORKSPACE)
        table.put(entryOf(it.secretId, { ...conditions, digest: digestBytesOf(it.text) }))
        const guesses = [
          null,
          '',
          it.text.slice(1),
          formatToken({ ...it, secret: otherSecret }),
          formatToken({ ...it, secretId: strangerId }),
        ]
        const reasons = new Set<string>()
        const refusals = guesses.map((presented) => {
          const request = { token: presented, address: '10.0.0.1', method: 'GET', path: '/agents/7' }
          const decision = verify(table, digestOf, request, 50)
          if (decision.outcome === 'allowed') throw new Error('let in')
          reasons.add(decision.reason)
          return refusalOf(decision)
        })
        for (const refusal of refusals) expect(refusal).toEqual(refusals[0])
        expect(reasons.size).toBeGreaterThanOrEqual(3)
      }),
      { numRuns: 300 },
    )
  })

  it('for lack of a permission names it, its level, the level there is, and the key; its challenge is one line', () => {
    let checked = 0
    fc.assert(
      fc.property(world, wishes, (it, wanted) => {
        const access = accessOf(it, wanted)
        if (access === 'full') return
        const decide = deciderOf(catalogFrom(it), access)
        for (let operation = 0; operation < 18; operation++) {
          const decision = decide('GET', `/o${String(operation)}/7`)
          const requirement = requirementOf(it, operation)
          if (decision.outcome === 'allowed' || !Array.isArray(requirement)) continue
          checked++
          const [number, level] = requirement as readonly [number, Level]
          const id = `p${String(number)}`
          const refusal = refusalOf(decision)
          expect(refusal).toMatchObject({
            code: 'insufficient_scope',
            required: `${id}:${level}`,
            granted: `${id}:${access[id] ?? 'none'}`,
          })
          const title = level === 'edit' ? 'Edit' : 'Read'
          expect(refusal.message).toContain(`lacks P${String(number)}: ${title} (`)
          expect(refusal.message).toContain('key_0123456789ABC')
          expect(refusal.challenge).toMatch(
            /^Bearer error="insufficient_scope", scope="[\x21\x23-\x5b\x5d-\x7e]+"$/,
          )
        }
      }),
      { numRuns: 300 },
    )
    expect(checked).toBeGreaterThan(300)
  })
})
