import type { Migration, SqlTypes } from './migration.js'

/** The tables that Bitting begins with. */
export const INITIAL: Migration = {
  version: 1,
  name: 'initial',
  statements: (types) => [
    ...installationTables(types),
    ...keyTables(types),
    ...auditTables(types),
    `create index if not exists keys_by_creation on keys (workspace_id, created_at, id)`,
    `create unique index if not exists secrets_of_key on secrets (key_id, generation)`,
    `create index if not exists audit_entries_by_action on audit_entries (workspace_id, action, idx)`,
    `create index if not exists audit_entries_by_actor on audit_entries (workspace_id, actor_id, idx)`,
    `create index if not exists audit_entries_by_resource on audit_entries (workspace_id, resource_id, idx)`,
    `create index if not exists idempotency_records_by_creation on idempotency_records (created_at)`,
  ],
}

function installationTables({ integer, blob, strict }: SqlTypes): string[] {
  return [
    `create table if not exists installation (
      id ${integer} primary key check (id = 1),
      revision ${integer} not null,
      created_at ${integer} not null
    ) ${strict}`,
    `create table if not exists workspaces (
      id text primary key not null,
      name text not null,
      ceilings text not null,
      overlay text not null,
      upstream text,
      sealed_upstream_key ${blob},
      audit_size ${integer} not null,
      version ${integer} not null,
      created_at ${integer} not null
    ) ${strict}`,
    `create table if not exists change_log (
      revision ${integer} primary key,
      workspace_id text not null references workspaces (id),
      subject text not null check (subject in ('key', 'workspace')),
      subject_id text not null,
      at_ms ${integer} not null
    ) ${strict}`,
    `create table if not exists nodes (
      id text primary key not null,
      started_at_ms ${integer} not null,
      seen_at_ms ${integer} not null,
      revision ${integer} not null
    ) ${strict}`,
    `create table if not exists setup_codes (
      code_hash text primary key not null,
      created_at ${integer} not null,
      used_at ${integer}
    ) ${strict}`,
  ]
}

function keyTables({ integer, blob, clustered }: SqlTypes): string[] {
  return [
    `create table if not exists keys (
      id text primary key not null,
      workspace_id text not null references workspaces (id),
      kind text not null check (kind in ('api', 'management')),
      name text not null,
      environment text not null,
      access text not null,
      allowed_addresses text,
      not_before ${integer},
      expires_at ${integer},
      note text not null,
      version ${integer} not null,
      created_at ${integer} not null,
      created_by text not null,
      updated_at ${integer} not null,
      suspended_at ${integer},
      suspended_by text,
      suspend_reason text,
      revoked_at ${integer},
      revoked_by text,
      revoke_reason text,
      compromised ${integer} not null check (compromised in (0, 1)),
      deleted_at ${integer},
      deleted_by text,
      generation ${integer} not null,
      search_name text not null
    ) ${clustered}`,
    `create table if not exists secrets (
      id text primary key not null,
      workspace_id text not null references workspaces (id),
      key_id text not null references keys (id),
      generation ${integer} not null,
      sealed_digest ${blob},
      prefix text not null,
      created_at ${integer} not null,
      retires_at ${integer},
      destroyed_at ${integer}
    ) ${clustered}`,
    `create table if not exists key_usage (
      key_id text primary key not null references keys (id),
      workspace_id text not null references workspaces (id),
      allowed ${integer} not null,
      denied ${integer} not null,
      last_used_at ${integer},
      last_used_address text
    ) ${clustered}`,
  ]
}

function auditTables({ integer, clustered }: SqlTypes): string[] {
  return [
    auditEntriesTable({ integer, clustered }),
    `create table if not exists idempotency_records (
      workspace_id text not null references workspaces (id),
      actor_id text not null,
      key_hash text not null,
      request_hash text not null,
      response text not null,
      created_at ${integer} not null,
      primary key (workspace_id, actor_id, key_hash)
    ) ${clustered}`,
  ]
}

/** The first form of the audit log. */
export function auditEntriesTable({ integer, clustered }: Pick<SqlTypes, 'integer' | 'clustered'>): string {
  return `create table if not exists audit_entries (
    workspace_id text not null references workspaces (id),
    idx ${integer} not null,
    at_ms ${integer} not null,
    actor_type text not null,
    actor_id text not null,
    address text,
    user_agent text,
    action text not null,
    operation text,
    resource_type text not null,
    resource_id text,
    outcome text not null check (outcome in ('success', 'failure')),
    reason text,
    request_id text,
    details text not null,
    primary key (workspace_id, idx)
  ) ${clustered}`
}
