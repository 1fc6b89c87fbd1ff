import { randomBytes } from 'node:crypto'
import {
  authenticate,
  authorise,
  formatToken,
  KeyTable,
  newToken,
  packAccess,
  parseToken,
  Principal,
  verify,
  type Access,
  type DenialReason,
  type KeyEntry,
  type TableWorkspace,
} from '@bitting/core'
import { describe, expect, it, vi } from 'vitest'
import {
  activate,
  API,
  catalogOf,
  digestBytesOf,
  digestOf,
  entryOf,
  MANAGEMENT,
  WORKSPACE,
} from './key-fixtures.js'

const NOW = 1000
const HERE = '10.0.0.1'
const PREFIX = 'btg_live_'

/** A token and a table that holds it. */
function issue(
  changes: Partial<KeyEntry> = {},
  secretId = '0123456789ABC000',
): { token: string; table: KeyTable } {
  const token = newToken(PREFIX, secretId, randomBytes)
  const table = new KeyTable(1)
  table.setWorkspace(WORKSPACE)
  table.put(entryOf(secretId, { digest: digestBytesOf(token), ...changes }))
  return { token, table }
}

/** The same token with another secret and a right checksum. */
function withWrongSecret(token: string): string {
  const parsed = parseToken(token)
  if (parsed === null) throw new Error('does not parse')
  return formatToken({ ...parsed, secret: parsed.secret.split('').reverse().join('') })
}

/** What a decision says, without the objects that it names. */
function verdictOf(decision: ReturnType<typeof verify>): string {
  return decision.outcome === 'allowed' ? 'allowed' : decision.reason
}

/** One requirement each, and one that no catalog maps. */
const REQUESTS = [
  { name: 'limits', needs: 'any', method: 'GET', path: '/limits' },
  { name: 'contact.list', needs: 'full', method: 'GET', path: '/contacts' },
  { name: 'agent.get', needs: ['agent', 'read'], method: 'GET', path: '/agents/7' },
  { name: 'agent.create', needs: ['agent', 'edit'], method: 'POST', path: '/agents' },
  { name: 'call.list', needs: ['history', 'read'], method: 'GET', path: '/calls' },
  { name: 'POST /calls', needs: ['call', 'edit'], method: 'POST', path: '/calls' },
  { name: null, needs: 'unmapped', method: 'DELETE', path: '/agents/7' },
  { name: null, needs: 'unmapped', method: 'GET', path: '/' },
] as const
type Needs = (typeof REQUESTS)[number]['needs']

const PRESENTED = ['right', 'wrong', 'unknown', 'malformed', 'missing'] as const
type Presented = (typeof PRESENTED)[number]

interface KeyCase {
  readonly state: KeyEntry['state']
  readonly expiresAt: number | null
  readonly retiring: boolean
  readonly notBefore: number | null
  readonly allowedAddresses: readonly string[] | null
  readonly access: Access
}

/** The decision by the words of the design, one question after another. */
function decideByHand(presented: Presented, key: KeyCase, needs: Needs): 'allowed' | DenialReason {
  if (presented === 'missing') return 'credential_missing'
  if (presented === 'malformed') return 'credential_malformed'
  if (presented === 'unknown') return 'credential_unknown'
  if (presented === 'wrong') return 'credential_wrong'
  if (key.state === 'revoked') return 'key_revoked'
  if (key.expiresAt !== null && NOW >= key.expiresAt) return key.retiring ? 'secret_retired' : 'key_expired'
  if (key.state === 'suspended') return 'key_suspended'
  if (key.notBefore !== null && NOW < key.notBefore) return 'key_not_yet_active'
  if (key.allowedAddresses !== null && !key.allowedAddresses.includes('10.0.0.0/8'))
    return 'address_not_allowed'
  if (key.access === 'full' || needs === 'any') return 'allowed'
  if (needs === 'unmapped' || needs === 'full') return 'operation_unmapped'
  const [permission, level] = needs
  const has = key.access[permission] ?? 'none'
  return has === 'edit' || has === level ? 'allowed' : 'insufficient_scope'
}

function* everyKey(): Generator<KeyCase> {
  const accesses: Access[] = [
    'full',
    {},
    { agent: 'none' },
    { agent: 'read' },
    { agent: 'edit' },
    { history: 'read', call: 'edit' },
  ]
  for (const state of ['active', 'suspended', 'revoked'] as const) {
    for (const expiresAt of [null, NOW, NOW + 1]) {
      for (const retiring of [false, true]) {
        for (const notBefore of [null, NOW, NOW + 1]) {
          for (const allowedAddresses of [null, [], ['10.0.0.0/8'], ['192.0.2.0/24', '2001:db8::/32']]) {
            for (const access of accesses) {
              yield { state, expiresAt, retiring, notBefore, allowedAddresses, access }
            }
          }
        }
      }
    }
  }
}

describe('verify', () => {
  it('decides every state, condition, access and operation as the design says it in words', () => {
    const table = new KeyTable(16)
    table.setWorkspace(WORKSPACE)
    const cases = [...everyKey()].map((key, number) => {
      const secretId = String(number).padStart(13, '0').padEnd(16, '0')
      const token = newToken(PREFIX, secretId, randomBytes)
      const { access, ...conditions } = key
      const mask = access === 'full' ? ([0, 0] as const) : packAccess(API.catalog, access)
      table.put(
        entryOf(secretId, { digest: digestBytesOf(token), ...conditions, full: access === 'full', mask }),
      )
      return { key, token }
    })
    const stranger = newToken(PREFIX, 'zzzzzzzzzzzzzzzz', randomBytes)
    const seen = new Set<string>()
    const wrong: unknown[] = []
    for (const { key, token } of cases) {
      const tokens: Record<Presented, string | null> = {
        right: token,
        wrong: withWrongSecret(token),
        unknown: stranger,
        malformed: `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`,
        missing: null,
      }
      for (const presented of PRESENTED) {
        for (const { name, needs, method, path } of REQUESTS) {
          const decision = verify(
            table,
            digestOf,
            { token: tokens[presented], address: HERE, method, path },
            NOW,
          )
          const expected = decideByHand(presented, key, needs)
          seen.add(expected)
          const operation = expected === 'allowed' || expected === 'insufficient_scope' ? name : undefined
          const agrees =
            verdictOf(decision) === expected &&
            (decision.principal === null) === expected.startsWith('credential_') &&
            (operation === undefined || (decision.operation?.name ?? null) === operation)
          if (!agrees) wrong.push({ key, presented, method, path, expected, actual: verdictOf(decision) })
        }
      }
    }
    expect(wrong.slice(0, 3)).toEqual([])
    expect(seen.size).toBe(13)
  })

  it('says only that the secret is wrong, whatever became of the key', () => {
    for (const changes of [
      { state: 'revoked' },
      { state: 'suspended' },
      { expiresAt: 1 },
      { expiresAt: 1, retiring: true },
      { notBefore: NOW + 1 },
      { allowedAddresses: [] },
    ] as const satisfies Partial<KeyEntry>[]) {
      const { token, table } = issue(changes)
      const right = verify(table, digestOf, { token, address: HERE, method: 'GET', path: '/limits' }, NOW)
      expect(right.principal).not.toBeNull()
      const guess = { token: withWrongSecret(token), address: HERE, method: 'GET', path: '/limits' }
      expect(verify(table, digestOf, guess, NOW)).toEqual({
        outcome: 'denied',
        reason: 'credential_wrong',
        principal: null,
        operation: null,
      })
    }
  })

  it('refuses a key that its table has forgotten', () => {
    const { token, table } = issue({ full: true })
    const request = { token, address: null, method: 'GET', path: '/limits' }
    expect(verdictOf(verify(table, digestOf, request, NOW))).toBe('allowed')
    table.remove('0123456789ABC000')
    expect(verdictOf(verify(table, digestOf, request, NOW))).toBe('credential_unknown')
  })

  it('knows both secrets of a key during a rotation, and only the new one after it', () => {
    const { token: old, table } = issue({ full: true, retiring: true, expiresAt: NOW })
    const renewed = newToken(PREFIX, '0123456789ABC001', randomBytes)
    table.put(entryOf('0123456789ABC001', { digest: digestBytesOf(renewed), full: true }))
    const at = (token: string, now: number): string =>
      verdictOf(verify(table, digestOf, { token, address: null, method: 'GET', path: '/limits' }, now))
    expect([at(old, NOW - 1), at(renewed, NOW - 1)]).toEqual(['allowed', 'allowed'])
    expect([at(old, NOW), at(renewed, NOW)]).toEqual(['secret_retired', 'allowed'])
  })

  it('judges by the kind in the record and never by the prefix of the token', () => {
    const { token, table } = issue({ kind: 'api', full: true })
    const other = newToken('btgm_live_', 'FEDCBA9876543000', randomBytes)
    table.put(entryOf('FEDCBA9876543000', { digest: digestBytesOf(other), kind: 'api', mask: [2, 0] }))
    const request = { address: null, method: 'GET', path: '/v1/keys' }
    expect(verify(table, digestOf, { ...request, token }, NOW).operation).toBeNull()
    expect(verdictOf(verify(table, digestOf, { ...request, token: other }, NOW))).toBe('operation_unmapped')
  })

  it('does not take a token with another prefix, though id, secret and checksum are right', () => {
    const { token, table } = issue({ full: true })
    const parsed = parseToken(token)
    if (parsed === null) throw new Error('does not parse')
    for (const other of [
      formatToken({ ...parsed, brand: 'btgm' }),
      formatToken({ ...parsed, brand: 'sk' }),
      formatToken({ ...parsed, environment: 'development' }),
    ]) {
      const request = { token: other, address: null, method: 'GET', path: '/limits' }
      expect(verdictOf(verify(table, digestOf, request, NOW))).toBe('credential_wrong')
    }
  })

  it('judges a key by the catalog of its own workspace', () => {
    const open: TableWorkspace = {
      id: 'ws_open',
      catalogs: {
        api: activate(
          catalogOf(
            'catalog open\ntitle Open\nerrors problem\nsection A\npermission agent none read edit Agent\n  A.\noperations any\n  GET /contacts',
          ),
        ),
        management: MANAGEMENT,
      },
    }
    const { token, table } = issue()
    table.setWorkspace(open)
    const other = newToken(PREFIX, 'FEDCBA9876543000', randomBytes)
    table.put(entryOf('FEDCBA9876543000', { digest: digestBytesOf(other), workspaceId: open.id }))
    const at = (presented: string): string =>
      verdictOf(
        verify(table, digestOf, { token: presented, address: null, method: 'GET', path: '/contacts' }, NOW),
      )
    expect([at(token), at(other)]).toEqual(['operation_unmapped', 'allowed'])
    table.setWorkspace({ ...open, id: WORKSPACE.id })
    expect(at(token)).toBe('allowed')
  })
})

describe('authenticate', () => {
  it('computes one digest for every token of a possible length, whether or not its id exists', () => {
    const { token, table } = issue()
    const stranger = newToken(PREFIX, 'zzzzzzzzzzzzzzzz', randomBytes)
    for (const presented of [token, withWrongSecret(token), stranger, `${token.slice(0, -1)}-`]) {
      const digest = vi.fn(digestOf)
      authenticate(table, digest, presented, null, NOW)
      expect(digest.mock.calls).toEqual([[presented]])
    }
  })

  it('computes none for a text that is too short or too long to be a token', () => {
    const digest = vi.fn(digestOf)
    const { table } = issue()
    for (const length of [0, 68, 257, 1_000_000]) authenticate(table, digest, 'x'.repeat(length), null, NOW)
    expect(digest).not.toHaveBeenCalled()
    for (const length of [69, 256]) authenticate(table, digest, 'x'.repeat(length), null, NOW)
    expect(digest).toHaveBeenCalledTimes(2)
  })

  it.each([
    ['no token', null, 'credential_missing'],
    ['an empty token', '', 'credential_malformed'],
    ['a token one short of an id, a secret and a checksum', 'x'.repeat(68), 'credential_malformed'],
    ['a token without a checksum', 'x'.repeat(80), 'credential_malformed'],
    ['an endless token', 'x'.repeat(1_000_000), 'credential_malformed'],
    ['a foreign key', 'key_0123456789abcdef0123456789ab', 'credential_malformed'],
    ['a token that is no ASCII', '\uffff'.repeat(74), 'credential_malformed'],
  ] as const)('says of %s: %s is %s', (_, token, reason) => {
    expect(authenticate(issue().table, digestOf, token, null, NOW)).toEqual({
      outcome: 'denied',
      reason,
      principal: null,
      operation: null,
    })
  })

  it('names the holder also where it refuses, so that the refusal can be audited', () => {
    const { token, table } = issue({ state: 'revoked' })
    const identity = authenticate(table, digestOf, token, null, NOW)
    expect(identity).not.toBeInstanceOf(Principal)
    expect(identity).toMatchObject({ reason: 'key_revoked', principal: { keyId: 'key_0123456789ABC' } })
  })
})

describe('authorise', () => {
  it('does not ask the words of an access for an operation that only full access may do', () => {
    const { token, table } = issue({ mask: [0xaaaaaaaa, 0xaaaaaaaa] })
    const identity = authenticate(table, digestOf, token, null, NOW)
    if (!(identity instanceof Principal)) throw new Error('refused')
    for (const operation of API.catalog.operations) {
      const expected = operation.requirement.kind === 'full' ? 'operation_unmapped' : 'allowed'
      expect(verdictOf(authorise(identity, operation))).toBe(expected)
    }
    expect(verdictOf(authorise(identity, null))).toBe('operation_unmapped')
  })
})
