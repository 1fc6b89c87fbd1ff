import { LEVELS, PERMISSIONS_MAX, type Level } from './permission.js'
import type { ActiveCatalog, TableWorkspace } from './active-catalog.js'
import { unpackSecretId } from './secret-id.js'
import { keyIdOf, type KeyKind } from './token.js'

const FIVE_DIGITS = 0x3fffffff
const FIRST_THREE_DIGITS = 0x3ffff000

/**
 * Whoever proved to hold a key: the workspace it belongs to and what the key may do. A copy of the table's record,
 * good for the length of one request; its ids are spelt out only when they are asked for. Made at every verification,
 * so its fields are plain ones: V8 is slow to set `#private` fields.
 */
export class Principal<W extends TableWorkspace = TableWorkspace> {
  readonly workspace: W
  readonly kind: KeyKind
  /** True for a key with full access. */
  readonly full: boolean
  private readonly mask0: number
  private readonly mask1: number
  private readonly id0: number
  private readonly id1: number
  private readonly id2: number

  /** Made by the key table alone, from the words of one record. */
  constructor(workspace: W, kind: KeyKind, full: boolean, words: Int32Array, mask: number, id: number) {
    this.workspace = workspace
    this.kind = kind
    this.full = full
    this.mask0 = words[mask] ?? 0
    this.mask1 = words[mask + 1] ?? 0
    this.id0 = words[id] ?? 0
    this.id1 = words[id + 1] ?? 0
    this.id2 = words[id + 2] ?? 0
  }

  /** The catalog that judges this kind of key in its workspace. */
  get catalog(): ActiveCatalog {
    const { api, management } = this.workspace.catalogs
    return this.kind === 'api' ? api : management
  }

  /** The rank of the level that the key's list gives for a permission, 0 where the catalog has no such permission. */
  rankAt(permissionIndex: number): number {
    if (permissionIndex >>> 0 >= PERMISSIONS_MAX) return 0
    const word = permissionIndex < 16 ? this.mask0 : this.mask1
    return (word >>> ((permissionIndex & 15) * 2)) & 3
  }

  /** The level that the key has for a permission. */
  levelAt(permissionIndex: number): Level {
    return this.full ? 'edit' : (LEVELS[this.rankAt(permissionIndex)] ?? 'none')
  }

  /** A number that tells keys apart nearly always; see {@link hasSameKey} for always. */
  get keyHandle(): number {
    return (this.id0 & FIVE_DIGITS) * 2 ** 23 + ((this.id1 & FIVE_DIGITS) >>> 7)
  }

  /** Says whether two principals hold secrets of one key: ten digits in two words, and the first three of the third. */
  hasSameKey(other: Principal<W>): boolean {
    return (
      ((this.id0 ^ other.id0) & FIVE_DIGITS) === 0 &&
      ((this.id1 ^ other.id1) & FIVE_DIGITS) === 0 &&
      ((this.id2 ^ other.id2) & FIRST_THREE_DIGITS) === 0
    )
  }

  /** The id of the secret that was presented. */
  get secretId(): string {
    return unpackSecretId(this.id0, this.id1, this.id2)
  }

  /** The id of the key, the same before and after a rotation. */
  get keyId(): string {
    return keyIdOf(this.secretId)
  }
}
