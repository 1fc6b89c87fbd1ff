import type { TableWorkspace } from './active-catalog.js'
import { assert } from './assert.js'
import { addressAllowed, parseAddressList, type AddressList } from './conditions.js'
import type { DenialReason } from './denial.js'
import { Principal } from './principal.js'
import { hashSecretId, packSecretId, unpackSecretId, type SecretIdWords } from './secret-id.js'
import type { KeyKind } from './token.js'

/** One secret as the table takes it. Times are whole seconds since 1970 UTC. */
export interface KeyEntry {
  readonly secretId: string
  /** SHA-256 of the token, 32 bytes. */
  readonly digest: Uint8Array
  readonly workspaceId: string
  readonly kind: KeyKind
  /** What a person did to the key, as far as verification minds; time is judged apart. */
  readonly state: 'active' | 'suspended' | 'revoked'
  /** True once a newer secret has replaced this one: its end is then a retirement, not the key's expiry. */
  readonly retiring: boolean
  readonly full: boolean
  /** Two bits a permission, as `packAccess` makes them. */
  readonly mask: readonly [number, number]
  readonly expiresAt: number | null
  readonly notBefore: number | null
  readonly allowedAddresses: readonly string[] | null
}

/** The rarer conditions of a key, kept beside the packed records. */
interface Extras {
  readonly notBefore: number | null
  readonly addresses: AddressList | null
}

// A record is fifteen 32-bit words: digest (8), secret id (3), workspace and flags (1), access (2), expiry (1).
// They are signed because V8 keeps a signed word without boxing it.
const WORDS = 15
const ID = 8
const FLAGS = 11
const MASK = 12
const EXPIRY = 14

const FLAG_SUSPENDED = 1
const FLAG_REVOKED = 2
const FLAG_FULL = 4
const FLAG_MANAGEMENT = 8
const FLAG_RETIRING = 16
const FLAG_EXTRAS = 32
const FLAGS_THAT_MAY_REFUSE = FLAG_SUSPENDED | FLAG_REVOKED | FLAG_EXTRAS
const WORKSPACE_SHIFT = 8

/** The most secrets one table holds: a slot keeps 24 bits of a record's number beside 8 bits of its hash. */
export const TABLE_SECRETS_MAX: number = 2 ** 24 - 2
const WORKSPACES_MAX = 2 ** 24
const EXPIRY_MAX = 2 ** 32 - 1
const RECORD_BITS = 0xffffff

/**
 * Every live secret of an installation, packed: 68 bytes a secret at the reserved capacity, off the garbage
 * collector's heap. Records stand in one array; two slots a record index them by secret id with linear probing.
 */
export class KeyTable<W extends TableWorkspace = TableWorkspace> {
  #capacity: number
  #records: Int32Array
  #slots: Int32Array
  #used = 0
  #size = 0
  readonly #free: number[] = []
  readonly #extras = new Map<number, Extras>()
  readonly #workspaces: W[] = []
  readonly #workspaceNumbers = new Map<string, number>()

  /** @param capacity how many secrets to reserve room for (1 at least); a full table grows by a quarter */
  constructor(capacity = 1024) {
    this.#capacity = capacity
    this.#records = new Int32Array(capacity * WORDS)
    this.#slots = new Int32Array(capacity * 2)
  }

  /** How many secrets the table holds. */
  get size(): number {
    return this.#size
  }

  /** Bytes of the packed arrays. */
  get byteLength(): number {
    return this.#records.byteLength + this.#slots.byteLength
  }

  /** Adds a workspace or replaces what is known of it; takes effect on the next verification. */
  setWorkspace(workspace: W): void {
    const number = this.#workspaceNumbers.get(workspace.id) ?? this.#workspaces.length
    assert(number < WORKSPACES_MAX, 'a table holds at most 16,777,216 workspaces')
    this.#workspaceNumbers.set(workspace.id, number)
    this.#workspaces[number] = workspace
  }

  /** What is known of a workspace, undefined where it is unknown. */
  workspace(id: string): W | undefined {
    const number = this.#workspaceNumbers.get(id)
    return number === undefined ? undefined : this.#workspaces[number]
  }

  /** Adds a secret, or replaces the record of the secret with the same id. */
  put(entry: KeyEntry): void {
    const workspace = this.#workspaceNumbers.get(entry.workspaceId)
    assert(workspace !== undefined, 'the workspace of a key is known before the key')
    assert(entry.digest.length === 32, 'a digest has 32 bytes')
    const { secretId } = entry
    const words = packSecretId(secretId)
    let slot = this.#slotOf(secretId, words)
    let record = ((this.#slots[slot] ?? 0) & RECORD_BITS) - 1
    if (record < 0) {
      if (this.#size === this.#capacity) {
        this.#grow()
        slot = this.#slotOf(secretId, words)
      }
      record = this.#free.pop() ?? this.#used++
      this.#slots[slot] = ((hashSecretId(secretId, 0) & 0xff) << 24) | (record + 1)
      this.#size++
    }
    this.#records.set(words, record * WORDS + ID)
    this.#write(record, entry, workspace)
  }

  /** Removes a secret; says whether it was there. */
  remove(secretId: string): boolean {
    const slot = this.#slotOf(secretId, packSecretId(secretId))
    const record = ((this.#slots[slot] ?? 0) & RECORD_BITS) - 1
    if (record < 0) return false
    this.#closeGap(slot)
    this.#records.fill(0, record * WORDS, (record + 1) * WORDS)
    this.#extras.delete(record)
    this.#free.push(record)
    this.#size--
    return true
  }

  /**
   * The number of the record whose secret id stands in `text` at `start` and whose digest is this one, -1 where there
   * is none. The number is good until the table next changes. Which records are compared depends on the public id
   * alone, and each comparison takes the same time whatever it finds.
   *
   * @param digest 32 characters of one byte each, the cheapest result that a one-shot hash gives
   */
  match(text: string, start: number, digest: string): number {
    const hash = hashSecretId(text, start)
    const slots = this.#slots
    let slot = homeOf(hash, slots.length)
    for (;;) {
      const value = slots[slot] ?? 0
      if (value === 0) return -1
      if (value >>> 24 === (hash & 0xff)) {
        const record = (value & RECORD_BITS) - 1
        if (this.#digestEquals(record, digest)) return record
      }
      slot = slot + 1 === slots.length ? 0 : slot + 1
    }
  }

  /** Says whether the table holds a secret. */
  has(secretId: string): boolean {
    return this.#slots[this.#slotOf(secretId, packSecretId(secretId))] !== 0
  }

  #digestEquals(record: number, digest: string): boolean {
    const records = this.#records
    const base = record * WORDS
    let difference = digest.length ^ 32
    for (let word = 0, at = 0; word < 8; word++, at += 4) {
      const value =
        (digest.charCodeAt(at) << 24) |
        (digest.charCodeAt(at + 1) << 16) |
        (digest.charCodeAt(at + 2) << 8) |
        digest.charCodeAt(at + 3)
      difference |= value ^ (records[base + word] ?? 0)
    }
    return difference === 0
  }

  /** Why the holder of a record's secret is refused at a time and from an address; null where nothing speaks against. */
  refusal(record: number, address: string | null, nowSeconds: number): DenialReason | null {
    const flags = this.#records[record * WORDS + FLAGS] ?? 0
    const expiry = (this.#records[record * WORDS + EXPIRY] ?? 0) >>> 0
    if ((flags & FLAGS_THAT_MAY_REFUSE) === 0 && (expiry === 0 || nowSeconds < expiry)) return null
    return this.#refusalBy(flags, expiry, record, address, nowSeconds)
  }

  /** Apart from the common case, so that this stays small enough to be inlined. */
  #refusalBy(
    flags: number,
    expiry: number,
    record: number,
    address: string | null,
    nowSeconds: number,
  ): DenialReason | null {
    if ((flags & FLAG_REVOKED) !== 0) return 'key_revoked'
    if (expiry !== 0 && nowSeconds >= expiry) {
      return (flags & FLAG_RETIRING) === 0 ? 'key_expired' : 'secret_retired'
    }
    if ((flags & FLAG_SUSPENDED) !== 0) return 'key_suspended'
    if ((flags & FLAG_EXTRAS) === 0) return null
    const extras = this.#extras.get(record)
    assert(extras !== undefined, 'a record that says so has extras')
    if (extras.notBefore !== null && nowSeconds < extras.notBefore) return 'key_not_yet_active'
    if (extras.addresses !== null && !addressAllowed(extras.addresses, address)) return 'address_not_allowed'
    return null
  }

  /** Who holds a record's secret. */
  principal(record: number): Principal<W> {
    const base = record * WORDS
    const flags = this.#records[base + FLAGS] ?? 0
    const workspace = this.#workspaces[flags >>> WORKSPACE_SHIFT]
    assert(workspace !== undefined, 'a record names a known workspace')
    const kind = (flags & FLAG_MANAGEMENT) === 0 ? 'api' : 'management'
    const full = (flags & FLAG_FULL) !== 0
    return new Principal(workspace, kind, full, this.#records, base + MASK, base + ID)
  }

  #write(record: number, entry: KeyEntry, workspace: number): void {
    const base = record * WORDS
    const records = this.#records
    const digest = new DataView(entry.digest.buffer, entry.digest.byteOffset, 32)
    for (let word = 0; word < 8; word++) records[base + word] = digest.getInt32(word * 4)
    const hasExtras = entry.notBefore !== null || entry.allowedAddresses !== null
    records[base + FLAGS] = (workspace << WORKSPACE_SHIFT) | flagsOf(entry) | (hasExtras ? FLAG_EXTRAS : 0)
    records[base + MASK] = entry.mask[0]
    records[base + MASK + 1] = entry.mask[1]
    records[base + EXPIRY] = packExpiry(entry.expiresAt)
    if (!hasExtras) {
      this.#extras.delete(record)
      return
    }
    const { notBefore, allowedAddresses } = entry
    const addresses = allowedAddresses === null ? null : parseAddressList(allowedAddresses)
    this.#extras.set(record, { notBefore, addresses })
  }

  /** The slot of a secret: the one that holds it, or the empty one where it would go. */
  #slotOf(secretId: string, words: SecretIdWords): number {
    const hash = hashSecretId(secretId, 0)
    const slots = this.#slots
    let slot = homeOf(hash, slots.length)
    for (let value = slots[slot] ?? 0; value !== 0; value = slots[slot] ?? 0) {
      if (value >>> 24 === (hash & 0xff) && this.#idEquals((value & RECORD_BITS) - 1, words)) return slot
      slot = slot + 1 === slots.length ? 0 : slot + 1
    }
    return slot
  }

  #idEquals(record: number, words: SecretIdWords): boolean {
    const at = record * WORDS + ID
    const records = this.#records
    return records[at] === words[0] && records[at + 1] === words[1] && records[at + 2] === words[2]
  }

  #hashOfRecord(record: number): number {
    const at = record * WORDS + ID
    const records = this.#records
    return hashSecretId(unpackSecretId(records[at] ?? 0, records[at + 1] ?? 0, records[at + 2] ?? 0), 0)
  }

  /** Moves later members of a probe run into a freed slot, so that no tombstone is ever needed. */
  #closeGap(freed: number): void {
    const slots = this.#slots
    const length = slots.length
    let gap = freed
    for (let slot = (gap + 1) % length; slots[slot] !== 0; slot = (slot + 1) % length) {
      const value = slots[slot] ?? 0
      const home = homeOf(this.#hashOfRecord((value & RECORD_BITS) - 1), length)
      if ((slot - home + length) % length < (slot - gap + length) % length) continue
      slots[gap] = value
      gap = slot
    }
    slots[gap] = 0
  }

  #grow(): void {
    const capacity = Math.min(TABLE_SECRETS_MAX, Math.ceil(this.#capacity * 1.25) + 16)
    assert(capacity > this.#capacity, `a table holds at most ${String(TABLE_SECRETS_MAX)} secrets`)
    const records = new Int32Array(capacity * WORDS)
    records.set(this.#records)
    const slots = new Int32Array(capacity * 2)
    for (const value of this.#slots) {
      if (value === 0) continue
      let slot = homeOf(this.#hashOfRecord((value & RECORD_BITS) - 1), slots.length)
      while (slots[slot] !== 0) slot = slot + 1 === slots.length ? 0 : slot + 1
      slots[slot] = value
    }
    this.#records = records
    this.#slots = slots
    this.#capacity = capacity
  }
}

function flagsOf(entry: KeyEntry): number {
  let flags = entry.state === 'revoked' ? FLAG_REVOKED : entry.state === 'suspended' ? FLAG_SUSPENDED : 0
  if (entry.full) flags |= FLAG_FULL
  if (entry.kind === 'management') flags |= FLAG_MANAGEMENT
  if (entry.retiring) flags |= FLAG_RETIRING
  return flags
}

/**
 * An expiry as one unsigned word, 0 for never. What does not fit becomes a time that does, never 0: an end beyond
 * February 2106 comes then, and an end before 1970 has come.
 */
function packExpiry(expiresAt: number | null): number {
  if (expiresAt === null) return 0
  return expiresAt >= 1 ? Math.min(EXPIRY_MAX, Math.floor(expiresAt)) : 1
}

/** Where a hash's probe run begins, without a division and for tables of any length. */
function homeOf(hash: number, slots: number): number {
  return Math.floor(((hash >>> 0) / 2 ** 32) * slots)
}
