import type { Environment, KeyKind } from '@bitting/core'

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

/** One entry of a workspace's audit log. */
export interface AuditEntryRow {
  workspace_id: string
  /** The entry's index in its workspace, from 0 without gaps. */
  idx: number
  /** When it happened, in milliseconds since 1970 UTC. */
  at_ms: number
  actor_type: string
  actor_id: string
  address: string | null
  user_agent: string | null
  action: string
  operation: string | null
  resource_type: string
  resource_id: string | null
  outcome: 'success' | 'failure'
  reason: string | null
  request_id: string | null
  details: JsonText
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
 * Every table. All but the installation's own carry `workspace_id`. Whole numbers are JavaScript numbers on both
 * engines: one beyond 2^53 is an error, never a rounded value.
 */
export interface Schema {
  installation: InstallationRow
  workspaces: WorkspaceRow
  keys: KeyRow
  secrets: SecretRow
  change_log: ChangeLogRow
  audit_entries: AuditEntryRow
  idempotency_records: IdempotencyRecordRow
  key_usage: KeyUsageRow
  nodes: NodeRow
  setup_codes: SetupCodeRow
  migrations: MigrationRow
}
