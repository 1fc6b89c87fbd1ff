import type { Environment, KeyKind } from '@bitting/core'
import type {
  CeremonyRow,
  IdentityRow,
  InvitationRow,
  MemberRow,
  PasskeyRow,
  SessionRow,
  SignInAttemptsRow,
  SignInPolicyRow,
  UserRow,
} from './people-schema.js'
import type { KeyUsageHourRow, WorkspaceUsageHourRow } from './usage-schema.js'
import type {
  WebhookAttemptRow,
  WebhookDeliveryRow,
  WebhookEndpointRow,
  WebhookEventRow,
  WebhookRelayRow,
  WebhookWorkspaceRow,
} from './webhook-schema.js'

/** Zero or one: booleans are kept as integers, alike on both engines. */
export type Flag = 0 | 1

/** JSON as text, alike on both engines. */
export type JsonText = string

/** The installation, a single row with id 1. Its revision numbers the change log. */
export interface InstallationRow {
  id: number
  /** The revision of the newest change; 0 before the first. */
  revision: number
  created_at: number
}

/** A tenant. */
export interface WorkspaceRow {
  id: string
  name: string
  ceilings: JsonText
  overlay: JsonText
  upstream: string | null
  sealed_upstream_key: Uint8Array | null
  /** Entries in the workspace's audit log, which is also the index of the next one. */
  audit_size: number
  version: number
  created_at: number
}

/** A key, from its creation to its tombstone. Times are whole seconds since 1970 UTC. */
export interface KeyRow {
  id: string
  workspace_id: string
  kind: KeyKind
  name: string
  environment: Environment
  /** `full`, or the levels by permission as JSON. */
  access: string
  allowed_addresses: JsonText | null
  not_before: number | null
  expires_at: number | null
  note: string
  version: number
  created_at: number
  created_by: string
  updated_at: number
  suspended_at: number | null
  suspended_by: string | null
  suspend_reason: string | null
  revoked_at: number | null
  revoked_by: string | null
  revoke_reason: string | null
  compromised: Flag
  deleted_at: number | null
  deleted_by: string | null
  /** The number of the key's newest secret. */
  generation: number
  /** The name in lower case, for searching. */
  search_name: string
}

/** One secret of a key. Times are whole seconds since 1970 UTC. */
export interface SecretRow {
  id: string
  workspace_id: string
  key_id: string
  generation: number
  /** The sealed SHA-256 of the token; null once destroyed. */
  sealed_digest: Uint8Array | null
  /** The public beginning of the token. */
  prefix: string
  created_at: number
  /** When the secret stops to be good; null for the current one. */
  retires_at: number | null
  destroyed_at: number | null
}

/** What a change in the change log is about. */
export type ChangeSubject = 'key' | 'workspace'

/** One change that verifiers must learn of. */
export interface ChangeLogRow {
  revision: number
  workspace_id: string
  subject: ChangeSubject
  subject_id: string
  /** When it happened, in milliseconds since 1970 UTC. */
  at_ms: number
}

/** One entry of a workspace's audit log. What is not in the leaf or the personal data is there to be searched by. */
export interface AuditLogRow {
  workspace_id: string
  /** The entry's index in its workspace, from 0 without gaps. */
  idx: number
  /** The text whose bytes the tree's leaf hashes. */
  leaf: string
  /**
   * What shows that the program wrote the leaf, until the tree has it: an HMAC under a key derived from the root key. Null
   * in entries from before there was one.
   */
  mac: string | null
  /** What can be erased; null once it was, and in entries that hold it in their leaf. */
  personal: JsonText | null
  /** When it happened, in milliseconds since 1970 UTC. */
  at_ms: number
  actor_id: string | null
  action: string
  resource_id: string | null
  outcome: 'success' | 'failure'
  request_id: string | null
}

/** The Merkle tree over a workspace's log, as far as it was signed. */
export interface AuditTreeRow {
  workspace_id: string
  /** Entries that the tree has; the log may have newer ones. */
  size: number
  /** The newest signed checkpoint; null before the first. */
  checkpoint: string | null
  /** In milliseconds since 1970 UTC. */
  signed_at_ms: number
  /** The first entry that retention has left. */
  first_index: number
}

/** Up to 256 hashes of one level of a tree, 32 bytes each. Only the last tile of a level still grows. */
export interface AuditTileRow {
  workspace_id: string
  level: number
  idx: number
  hashes: Uint8Array
}

/** What a workspace wants of its log; a workspace without a row has the defaults. */
export interface AuditPolicyRow {
  workspace_id: string
  calls: 'all' | 'sampled' | 'writes'
  /** The share of allowed calls that are recorded when sampled, as a decimal. */
  sample_rate: string
  retention_days: number | null
  legal_hold: Flag
}

/** How far the spool of one writer has come into the log. */
export interface AuditSpoolRow {
  id: string
  /** The last of the writer's entries that the log has. */
  sequence: number
}

/** How far a sink has been given a workspace's log. */
export interface AuditCursorRow {
  sink: string
  workspace_id: string
  next_index: number
}

/** A duty that one node at a time does. */
export interface LeaseRow {
  name: string
  holder: string
  /** In milliseconds since 1970 UTC. */
  until_ms: number
}

/** The answer to a request with an Idempotency-Key, kept for its repetitions. */
export interface IdempotencyRecordRow {
  workspace_id: string
  actor_id: string
  key_hash: string
  request_hash: string
  response: string
  /** In whole seconds since 1970 UTC. */
  created_at: number
}

/** How often a key was used, flushed in batches. */
export interface KeyUsageRow {
  key_id: string
  workspace_id: string
  allowed: number
  denied: number
  /** In whole seconds since 1970 UTC. */
  last_used_at: number | null
  last_used_address: string | null
}

/** A verifier that follows the change log. */
export interface NodeRow {
  id: string
  /** In milliseconds since 1970 UTC. */
  started_at_ms: number
  /** In milliseconds since 1970 UTC. */
  seen_at_ms: number
  /** The last revision that the node acknowledged. */
  revision: number
}

/** A one-time code that opens the first sign-in; only its hash is kept. */
export interface SetupCodeRow {
  code_hash: string
  /** In whole seconds since 1970 UTC. */
  created_at: number
  /** In whole seconds since 1970 UTC; null while unused. */
  used_at: number | null
}

/** A schema change that was applied. Version 0 is no migration but the row that processes lock. */
export interface MigrationRow {
  version: number
  name: string
  /** In whole seconds since 1970 UTC. */
  applied_at: number
}

/**
 * Every table. All but the installation's own and what belongs to people carry `workspace_id`. Whole numbers are JavaScript numbers on both
 * engines: one beyond 2^53 is an error, never a rounded value.
 */
export interface Schema {
  installation: InstallationRow
  workspaces: WorkspaceRow
  keys: KeyRow
  secrets: SecretRow
  change_log: ChangeLogRow
  audit_log: AuditLogRow
  audit_trees: AuditTreeRow
  audit_tiles: AuditTileRow
  audit_policies: AuditPolicyRow
  audit_spools: AuditSpoolRow
  audit_cursors: AuditCursorRow
  leases: LeaseRow
  idempotency_records: IdempotencyRecordRow
  key_usage: KeyUsageRow
  key_usage_hours: KeyUsageHourRow
  workspace_usage_hours: WorkspaceUsageHourRow
  nodes: NodeRow
  setup_codes: SetupCodeRow
  webhook_workspaces: WebhookWorkspaceRow
  webhook_endpoints: WebhookEndpointRow
  webhook_relays: WebhookRelayRow
  webhook_events: WebhookEventRow
  webhook_deliveries: WebhookDeliveryRow
  webhook_attempts: WebhookAttemptRow
  users: UserRow
  members: MemberRow
  invitations: InvitationRow
  sessions: SessionRow
  ceremonies: CeremonyRow
  passkeys: PasskeyRow
  identities: IdentityRow
  sign_in_policies: SignInPolicyRow
  sign_in_attempts: SignInAttemptsRow
  migrations: MigrationRow
}
