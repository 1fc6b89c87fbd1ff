import type {
  Access,
  AuditEntry,
  Ceilings,
  Environment,
  KeyKind,
  KeyState,
  Level,
  OverlayMapping,
  Permission,
  Role,
} from '@bitting/core'

/** One part of a list, and the cursor of the next part; null at the end. */
export interface Page<T> {
  readonly data: T[]
  readonly next_cursor: string | null
}

/** Which part of a list is wanted. */
export interface PageRequest {
  /** How many rows at most, 1 to 100; 50 unless it is told. */
  readonly limit?: number | undefined
  /** `next_cursor` of the page before; absent for the first page. */
  readonly cursor?: string | undefined
}

/** One secret of a key: never more than its public part. */
export interface SecretView {
  readonly id: string
  /** The public beginning of the token. */
  readonly hint: string
  readonly state: 'current' | 'retiring' | 'retired' | 'destroyed'
  readonly created_at: string
  readonly retires_at: string | null
}

/** What somebody did to a key, when and why. */
export interface MarkView {
  readonly at: string
  readonly by: string
  readonly reason: string | null
}

/** A key. Times are RFC 3339. */
export interface KeyView {
  readonly id: string
  readonly kind: KeyKind
  readonly name: string
  readonly environment: Environment
  readonly access: Access
  readonly state: KeyState
  readonly conditions: {
    /** Null for anywhere. */
    readonly allowed_addresses: string[] | null
    readonly not_before: string | null
  }
  readonly expires_at: string | null
  readonly note: string
  /** Whether it signs the webhooks of the workspace; a key before it, in an overlap, does not count. */
  readonly webhook_key: boolean
  /** The newest secret first. */
  readonly secrets: SecretView[]
  /** Counts the changes; what `If-Match` compares. */
  readonly version: number
  readonly created_at: string
  readonly created_by: string
  readonly updated_at: string
  readonly last_used_at: string | null
  readonly last_used_address: string | null
  readonly requests_allowed: number
  readonly requests_denied: number
  readonly suspended: MarkView | null
  readonly revoked: MarkView | null
  readonly deleted: MarkView | null
}

/** A key and the token that is shown this once. */
export interface KeyWithToken {
  readonly key: KeyView
  /** Null where the request was repeated and its first answer, with the token, was lost on the way. */
  readonly token: string | null
  readonly token_note?: string
}

/** Which keys to list. Absent members match everything, deleted and expired keys too. */
export interface KeyFilter {
  readonly kind?: KeyKind | undefined
  readonly environment?: Environment | undefined
  readonly states?: readonly KeyState[] | undefined
  /** Part of the name, in any case. */
  readonly name?: string | undefined
  /** Part of the name, the id, the beginning of the token or the note, in any case. */
  readonly query?: string | undefined
  /** Who made it, as `created_by` of a key says. */
  readonly created_by?: string | undefined
  /** The key that signs the webhooks alone. */
  readonly webhook_key?: true | undefined
  readonly access?: 'full' | 'restricted' | undefined
  /** What the list is sorted by, `created` unless it is told. A cursor is good for the sort it came from. */
  readonly sort?: KeySort | undefined
  /** `desc` unless it is told, and `asc` for names. Never used is before every use, never expiring after every expiry. */
  readonly order?: 'asc' | 'desc' | undefined
}

/** What keys can be sorted by. */
export type KeySort = 'created' | 'name' | 'last_used' | 'expires'

interface ConditionsRequest {
  readonly allowed_addresses?: readonly string[] | null | undefined
  readonly not_before?: string | null | undefined
}

/** What a new key is to be. */
export interface CreateKeyRequest {
  readonly name: string
  /** `api` unless it is told. */
  readonly kind?: KeyKind | undefined
  readonly environment: Environment
  readonly access: Access
  readonly conditions?: ConditionsRequest | undefined
  readonly expires_at?: string | null | undefined
  readonly note?: string | undefined
}

/** What to change of a key. Absent members stay as they are; an access replaces the whole list. */
export interface UpdateKeyRequest {
  readonly name?: string | undefined
  readonly access?: Access | undefined
  readonly conditions?: ConditionsRequest | undefined
  readonly expires_at?: string | null | undefined
  readonly note?: string | undefined
}

/** How to end a key for good. */
export interface RevokeKeyRequest {
  readonly reason?: string | undefined
  /** True where the secret leaked. */
  readonly compromised?: boolean | undefined
}

/** The request that somebody made with a token. */
export interface VerifyTokenRequest {
  readonly token: string
  readonly method: string
  /** The raw path, with or without its query. */
  readonly path: string
  /** The caller's address. */
  readonly ip?: string | undefined
}

/** Whether a token may make a request, or why not. */
export interface DecisionView {
  readonly allowed: boolean
  /** The HTTP status to answer with: 200, 401 or 403. */
  readonly status: number
  /** `allowed`, or why not. */
  readonly code: string
  readonly message: string
  readonly key_id: string | null
  readonly operation: string | null
  /** The scope that was needed, `call:edit` for example. */
  readonly required: string | null
  /** The scope that the key has for the same permission. */
  readonly granted: string | null
}

/** A workspace. */
export interface WorkspaceView {
  readonly id: string
  readonly name: string
  readonly ceilings: Ceilings
  /** Origin of the workspace's own upstream, null for the installation's. */
  readonly upstream: string | null
  readonly upstream_key_set: boolean
  /** Where callers reach the gateway, without a slash at the end. */
  readonly gateway_url: string
  readonly audit: {
    readonly calls: 'all' | 'sampled' | 'writes'
    readonly sample_rate: number
    readonly retention_days: number | null
    readonly legal_hold: boolean
  }
  readonly version: number
  readonly created_at: string
}

/** What to change of a workspace. Absent members stay as they are. */
export interface UpdateWorkspaceRequest {
  readonly audit?: Partial<WorkspaceView['audit']> | undefined
  readonly name?: string | undefined
  readonly ceilings?: Readonly<Partial<Record<Environment, Access>>> | undefined
  readonly upstream?: string | null | undefined
  /** The credential that the workspace's own upstream wants. */
  readonly upstream_key?: string | null | undefined
}

/** One entry of the permission table. */
export type PermissionView = Permission

/** A heading of the permission table. */
export interface SectionView {
  readonly title: string
  readonly permissions: readonly PermissionView[]
}

/** One method and path template, and what it asks of a key. */
export interface OperationView {
  readonly name: string
  readonly method: string
  readonly path: string
  /** A permission, `any` for every live key, or `full` for full keys only. */
  readonly permission: string
  readonly level: Exclude<Level, 'none'> | null
}

/** The sections, permissions and operations in force. */
export interface CatalogView {
  readonly id: string
  readonly title: string
  readonly sections: readonly SectionView[]
  readonly operations: readonly OperationView[]
  /** What the workspace itself mapped. */
  readonly overlay: readonly OverlayMapping[]
}

/** A node that verifies keys, and how far it is. */
export interface NodeView {
  readonly id: string
  readonly revision: number
  readonly seen_at: string
  readonly started_at: string
}

/** The newest revision there is, and the nodes: a change is in force when every node has reached its revision. */
export interface NodesView {
  readonly revision: number
  readonly nodes: NodeView[]
}

/** Who asks, a management key or a member, and their access as a scope string. */
export interface CallerView {
  readonly key: KeyView | null
  readonly member: { readonly id: string; readonly role: Role } | null
  readonly scopes: string
}

/** An entry of the audit log with the texts that prove it. */
export interface AuditEntryProofView extends AuditEntry {
  /** The exact bytes that the tree's leaf hashes, in base64. */
  readonly raw: string
  /** The bytes whose SHA-256 stands in the leaf as `personal`, in base64; null once they were erased. */
  readonly personal: string | null
}

/** That an entry is in the tree of a size, or one tree the beginning of another: hashes in base64. */
export interface InclusionProofView {
  readonly index: number
  readonly size: number
  readonly hashes: readonly string[]
}

/** That the tree of one size is the beginning of the tree of another; hashes in base64. */
export interface ConsistencyProofView {
  readonly from: number
  readonly to: number
  readonly hashes: readonly string[]
}

/** An entry that an application records: the `AuditEntry` of the security guide. */
export interface ApplicationAuditEntry {
  readonly timestamp?: string | Date | undefined
  readonly action: string
  readonly userId: string
  readonly resource: string
  readonly result: 'success' | 'failure'
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
}

/** Which audit entries to list. Absent members match everything. */
export interface AuditFilter {
  readonly action?: string | undefined
  readonly actor?: string | undefined
  readonly resource?: string | undefined
  /** A key that acted, or that was acted on. */
  readonly key?: string | undefined
  readonly outcome?: 'success' | 'failure' | undefined
  readonly request_id?: string | undefined
  /** RFC 3339; entries at it or later. */
  readonly since?: string | undefined
  /** RFC 3339; entries before it. */
  readonly until?: string | undefined
  /** Words that must all be in the entry. */
  readonly text?: string | undefined
}
