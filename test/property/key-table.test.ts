import { KeyTable, type DenialReason, type KeyEntry, type TableWorkspace } from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { API, digestBytesOf, digestOf, entryOf, MANAGEMENT, WORKSPACE } from '../unit/key-fixtures.js'

// The table hashes the end of an id, so ids of one end collide wholly: same home, same tag. Few ends of few heads.
const HEADS = ['00000000', 'zzzzzzzz', 'AbCdEfGh', '0000000z']
const TAILS = ['00000000', '00000001', 'zzzzzzzz', 'aB3dE000', 'aB3dE001', 'Qx7Kp00z', '10000000']
const IDS = TAILS.flatMap((tail) => HEADS.map((head) => head + tail))
const WORKSPACES = ['ws_a', 'ws_b', 'ws_c']
const ADDRESSES = [null, '10.0.0.1', '192.0.2.1']
const TIMES = [0, 49, 50, 99, 100, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1]

const time = fc.option(fc.constantFrom(1, 50, 100, 2 ** 31, 4_102_444_800, 2 ** 32 - 1), { nil: null })
const word = fc.oneof(fc.nat(0xffffffff), fc.constantFrom(0, 0x80000000, 0xffffffff))
const rest = fc.record({
  kind: fc.constantFrom('api' as const, 'management' as const),
  state: fc.constantFrom('active' as const, 'suspended' as const, 'revoked' as const),
  retiring: fc.boolean(),
  full: fc.boolean(),
  mask: fc.tuple(word, word),
  expiresAt: time,
  notBefore: time,
  allowedAddresses: fc.option(fc.subarray(['10.0.0.0/8', '192.0.2.1', 'garbage']), { nil: null }),
})
const plain = fc.constant({ expiresAt: null, notBefore: null, allowedAddresses: null })
const changes = fc.oneof(
  rest,
  fc.tuple(rest, plain).map(([all, none]) => ({ ...all, ...none })),
)

/** What the table should hold, in the simplest form. */
class Model {
  readonly entries = new Map<string, KeyEntry>()
  readonly workspaces = new Map<string, TableWorkspace>()
  /** Texts whose digests were once a secret's and are not any more. */
  readonly forgotten: { id: string; text: string }[] = []
  readonly texts = new Map<string, string>()
  count = 0

  /** A text that no digest was made of yet. */
  newText(id: string): string {
    return `${id} ${String(this.count++)}`
  }

  put(entry: KeyEntry, text: string): void {
    this.forget(entry.secretId)
    this.entries.set(entry.secretId, entry)
    this.texts.set(entry.secretId, text)
  }

  forget(id: string): boolean {
    const text = this.texts.get(id)
    if (text !== undefined) this.forgotten.push({ id, text })
    this.texts.delete(id)
    return this.entries.delete(id)
  }
}

/** Why a secret is refused, by the words of its entry. */
function refusalByHand(entry: KeyEntry, address: string | null, now: number): DenialReason | null {
  if (entry.state === 'revoked') return 'key_revoked'
  if (entry.expiresAt !== null && now >= entry.expiresAt)
    return entry.retiring ? 'secret_retired' : 'key_expired'
  if (entry.state === 'suspended') return 'key_suspended'
  if (entry.notBefore !== null && now < entry.notBefore) return 'key_not_yet_active'
  if (entry.allowedAddresses === null) return null
  const allowed =
    (address === '10.0.0.1' && entry.allowedAddresses.includes('10.0.0.0/8')) ||
    (address === '192.0.2.1' && entry.allowedAddresses.includes('192.0.2.1'))
  return allowed ? null : 'address_not_allowed'
}

function ranksByHand([low, high]: readonly [number, number]): number[] {
  const bits = BigInt(low) | (BigInt(high) << 32n)
  return Array.from({ length: 32 }, (_, index) => Number((bits >> BigInt(index * 2)) & 3n))
}

/** Compares everything that can be asked of the table with the model. */
function expectAgreement(model: Model, table: KeyTable): void {
  expect(table.size).toBe(model.entries.size)
  for (const id of IDS) expect(table.has(id)).toBe(model.entries.has(id))
  for (const { id, text } of model.forgotten) expect(table.match(id, 0, digestOf(text))).toBe(-1)
  for (const [id, entry] of model.entries) {
    const record = table.match(`btg_live_${id}…`, 9, digestOf(model.texts.get(id) ?? ''))
    expect(record).toBeGreaterThanOrEqual(0)
    const principal = table.principal(record)
    const { secretId, keyId, kind, full, workspace } = principal
    expect({ secretId, keyId, kind, full }).toEqual({
      secretId: id,
      keyId: `key_${id.slice(0, 13)}`,
      kind: entry.kind,
      full: entry.full,
    })
    expect(workspace).toBe(model.workspaces.get(entry.workspaceId))
    expect(ranksByHand(entry.mask)).toEqual(Array.from({ length: 32 }, (_, index) => principal.rankAt(index)))
    for (const address of ADDRESSES) {
      const refusals = TIMES.map((now) => table.refusal(record, address, now))
      expect(refusals).toEqual(TIMES.map((now) => refusalByHand(entry, address, now)))
    }
  }
}

type Command = fc.Command<Model, KeyTable>

function command(name: string, run: (model: Model, table: KeyTable) => void): Command {
  return {
    check: () => true,
    run(model, table) {
      run(model, table)
      expectAgreement(model, table)
    },
    toString: () => name,
  }
}

function put(id: string, workspaceId: string, values: Partial<KeyEntry>): Command {
  return command(`put ${id} ${workspaceId} ${JSON.stringify(values)}`, (model, table) => {
    const text = model.newText(id)
    const entry = entryOf(id, { ...values, workspaceId, digest: digestBytesOf(text) })
    table.put(entry)
    model.put(entry, text)
  })
}

function remove(id: string): Command {
  return command(`remove ${id}`, (model, table) => {
    expect(table.remove(id)).toBe(model.forget(id))
  })
}

function setWorkspace(id: string): Command {
  return command(`set workspace ${id}`, (model, table) => {
    const workspace = { id, catalogs: { api: API, management: MANAGEMENT } }
    table.setWorkspace(workspace)
    model.workspaces.set(id, workspace)
    expect(table.workspace(id)).toBe(workspace)
  })
}

const commands = fc.commands(
  [
    fc.tuple(fc.constantFrom(...IDS), fc.constantFrom(...WORKSPACES), changes).map((args) => put(...args)),
    fc.tuple(fc.constantFrom(...IDS), fc.constantFrom(...WORKSPACES), changes).map((args) => put(...args)),
    fc.constantFrom(...IDS).map(remove),
    fc.constantFrom(...WORKSPACES).map(setWorkspace),
  ],
  { maxCommands: 40, size: 'max' },
)

describe('KeyTable', () => {
  it('agrees with a plain map after every step, from a capacity of one', () => {
    fc.assert(
      fc.property(commands, fc.integer({ min: 1, max: 5 }), (steps, capacity) => {
        fc.modelRun(() => {
          const [model, real] = [new Model(), new KeyTable(capacity)]
          for (const id of WORKSPACES) {
            const workspace = { id, catalogs: { api: API, management: MANAGEMENT } }
            real.setWorkspace(workspace)
            model.workspaces.set(id, workspace)
          }
          return { model, real }
        }, steps)
      }),
      { numRuns: 60 },
    )
  })

  it('agrees with a plain map after thousands of puts and removals, growing from a capacity of one', () => {
    const table = new KeyTable(1)
    table.setWorkspace(WORKSPACE)
    const model = new Map<string, number>()
    let seed = 12345
    const next = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    const idOf = (number: number): string => digestHex(number).slice(0, 16)
    const textOf = (id: string, version: number): string => `${id} ${String(version)}`
    let largest = 0
    for (let step = 0; step < 30_000; step++) {
      const id = idOf(next(6000))
      // Puts outnumber removals at first, then the other way round, so that the table fills and empties.
      if (next(10) < (step < 15_000 ? 8 : 3)) {
        const version = (model.get(id) ?? 0) + 1
        model.set(id, version)
        const expiresAt = version % 3 === 0 ? version : null
        table.put(
          entryOf(id, {
            digest: digestBytesOf(textOf(id, version)),
            expiresAt,
            notBefore: version % 2 || null,
          }),
        )
      } else if (table.remove(id) !== model.delete(id)) {
        throw new Error(`step ${String(step)}: ${id}`)
      }
      largest = Math.max(largest, table.size)
    }
    expect(largest).toBeGreaterThan(3000)
    expect(table.size).toBe(model.size)
    const wrong: string[] = []
    for (let number = 0; number < 6000; number++) {
      const id = idOf(number)
      const version = model.get(id)
      const record = table.match(id, 0, digestOf(textOf(id, version ?? 1)))
      if (record >= 0 !== (version !== undefined) || table.has(id) !== (version !== undefined)) wrong.push(id)
      if (version === undefined || record < 0) continue
      if (table.principal(record).secretId !== id) wrong.push(id)
      if (table.match(id, 0, digestOf(textOf(id, version - 1))) >= 0) wrong.push(id)
      const expected = version % 3 === 0 ? 'key_expired' : version % 2 === 1 ? 'key_not_yet_active' : null
      if (table.refusal(record, null, version % 3 === 0 ? version : 0) !== expected) wrong.push(id)
    }
    expect(wrong).toEqual([])
  })
})

function digestHex(number: number): string {
  return Buffer.from(digestOf(String(number)), 'latin1').toString('hex')
}
