import {
  OperationMatcher,
  packAccess,
  type ActiveCatalog,
  type Catalog,
  type KeyEntry,
  type KeyKind,
} from '@bitting/core'
import { accessOf, secretSealingContext, upstreamSealingContext } from '../storage/columns.js'
import { policyOf } from '../audit/policy.js'
import type { AuditPolicyRow, WorkspaceRow } from '../storage/schema.js'
import type { Sealer } from '../storage/sealing.js'
import type { VerifierRow } from '../storage/verifier-rows.js'
import { workspaceCatalog, type Workspace } from './workspace.js'

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
  readonly #packed = { api: new Map<string, PackedAccess>(), management: new Map<string, PackedAccess>() }

  constructor(sealer: Sealer, catalogs: { readonly api: Catalog; readonly management: Catalog }) {
    this.#sealer = sealer
    this.#catalogs = catalogs
    this.#api = activate(catalogs.api)
    this.#management = activate(catalogs.management)
  }

  /** What the nodes know of a workspace. Workspaces without an overlay share one compiled catalog. */
  workspace(row: WorkspaceRow, policy: AuditPolicyRow | undefined): Workspace {
    const api = row.overlay === '[]' ? this.#api : activate(workspaceCatalog(this.#catalogs.api, row))
    const key =
      row.sealed_upstream_key === null
        ? null
        : Buffer.from(this.#sealer.open(row.sealed_upstream_key, upstreamSealingContext(row.id))).toString(
            'latin1',
          )
    const upstream = row.upstream === null && key === null ? null : { origin: row.upstream, key }
    const catalogs = { api, management: this.#management }
    return { id: row.id, name: row.name, catalogs, upstream, callPolicy: policyOf(policy) }
  }

  /** The table's entry for a secret of a key, null where nothing of it must be accepted any more. */
  entry(row: VerifierRow): KeyEntry | null {
    if (row.sealed_digest === null || row.deleted_at !== null) return null
    const { full, mask } = this.#pack(row.kind, row.access)
    const retiring = row.retires_at !== null && (row.expires_at === null || row.retires_at < row.expires_at)
    return {
      secretId: row.id,
      digest: this.#sealer.open(row.sealed_digest, secretSealingContext(row.workspace_id, row.id)),
      workspaceId: row.workspace_id,
      kind: row.kind,
      state: row.revoked_at !== null ? 'revoked' : row.suspended_at !== null ? 'suspended' : 'active',
      retiring,
      full,
      mask,
      expiresAt: retiring ? row.retires_at : row.expires_at,
      notBefore: row.not_before,
      allowedAddresses:
        row.allowed_addresses === null ? null : (JSON.parse(row.allowed_addresses) as string[]),
    }
  }

  /** An overlay maps operations and never adds permissions, so one packing serves every workspace. */
  #pack(kind: KeyKind, text: string): PackedAccess {
    const packings = this.#packed[kind]
    const known = packings.get(text)
    if (known !== undefined) return known
    const access = accessOf(text)
    const mask = access === 'full' ? ([0, 0] as const) : packAccess(this.#catalogs[kind], access)
    const packed = { full: access === 'full', mask }
    if (packings.size >= PACKED_MAX) packings.clear()
    packings.set(text, packed)
    return packed
  }
}

function activate(catalog: Catalog): ActiveCatalog {
  return { catalog, matcher: new OperationMatcher(catalog.operations) }
}
