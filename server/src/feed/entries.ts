import {
  OperationMatcher,
  packAccess,
  type ActiveCatalog,
  type Catalog,
  type KeyEntry,
  type KeyKind,
} from '@bitting/core'
import { accessOf } from '../services/keys/record.js'
import { sealingContext } from '../services/keys/secret.js'
import { upstreamSealingContext, workspaceCatalog } from '../services/workspace.js'
import type { KeyRow, SecretRow, WorkspaceRow } from '../storage/schema.js'
import type { Sealer } from '../storage/sealing.js'
import type { Workspace } from './gatekeeper.js'

/** The columns of a key that verification needs. */
export type KeyColumns = Pick<
  KeyRow,
  | 'kind'
  | 'access'
  | 'allowed_addresses'
  | 'not_before'
  | 'expires_at'
  | 'suspended_at'
  | 'revoked_at'
  | 'deleted_at'
>

/** The columns of a secret that verification needs. */
export type SecretColumns = Pick<SecretRow, 'id' | 'workspace_id' | 'key_id' | 'sealed_digest' | 'retires_at'>

interface PackedAccess {
  readonly full: boolean
  readonly mask: readonly [number, number]
}

/** The most packed accesses remembered: workspaces use few combinations, and forgetting one costs only its parsing. */
const PACKED_MAX = 10_000

/** Turns rows into what the key table takes. */
export class EntryMaker {
  readonly #sealer: Sealer
  readonly #catalogs: { readonly api: Catalog; readonly management: Catalog }
  readonly #management: ActiveCatalog
  readonly #api: ActiveCatalog
  readonly #packed = new Map<string, PackedAccess>()

  constructor(sealer: Sealer, catalogs: { readonly api: Catalog; readonly management: Catalog }) {
    this.#sealer = sealer
    this.#catalogs = catalogs
    this.#api = activate(catalogs.api)
    this.#management = activate(catalogs.management)
  }

  /** What the nodes know of a workspace. Workspaces without an overlay share one compiled catalog. */
  workspace(row: WorkspaceRow): Workspace {
    const api =
      row.overlay === '[]' ? this.#api : activate(workspaceCatalog({ catalogs: this.#catalogs }, row))
    const key =
      row.sealed_upstream_key === null
        ? null
        : Buffer.from(this.#sealer.open(row.sealed_upstream_key, upstreamSealingContext(row.id))).toString(
            'latin1',
          )
    const upstream = row.upstream === null && key === null ? null : { origin: row.upstream, key }
    return { id: row.id, name: row.name, catalogs: { api, management: this.#management }, upstream }
  }

  /** The table's entry for a secret of a key, null where nothing of it must be accepted any more. */
  entry(key: KeyColumns, secret: SecretColumns): KeyEntry | null {
    if (secret.sealed_digest === null || key.deleted_at !== null) return null
    const { full, mask } = this.#pack(key.kind, key.access)
    const retiring =
      secret.retires_at !== null && (key.expires_at === null || secret.retires_at < key.expires_at)
    return {
      secretId: secret.id,
      digest: this.#sealer.open(secret.sealed_digest, sealingContext(secret.workspace_id, secret.id)),
      workspaceId: secret.workspace_id,
      kind: key.kind,
      state: key.revoked_at !== null ? 'revoked' : key.suspended_at !== null ? 'suspended' : 'active',
      retiring,
      full,
      mask,
      expiresAt: retiring ? secret.retires_at : key.expires_at,
      notBefore: key.not_before,
      allowedAddresses:
        key.allowed_addresses === null ? null : (JSON.parse(key.allowed_addresses) as string[]),
    }
  }

  /** An overlay maps operations and never adds permissions, so one packing serves every workspace. */
  #pack(kind: KeyKind, text: string): PackedAccess {
    const name = `${kind} ${text}`
    const known = this.#packed.get(name)
    if (known !== undefined) return known
    const access = accessOf(text)
    const mask = access === 'full' ? ([0, 0] as const) : packAccess(this.#catalogs[kind], access)
    const packed = { full: access === 'full', mask }
    if (this.#packed.size >= PACKED_MAX) this.#packed.clear()
    this.#packed.set(name, packed)
    return packed
  }
}

function activate(catalog: Catalog): ActiveCatalog {
  return { catalog, matcher: new OperationMatcher(catalog.operations) }
}
