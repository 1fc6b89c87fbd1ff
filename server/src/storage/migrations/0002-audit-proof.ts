import { auditEntriesTable } from './0001-initial.js'
import type { Migration, SqlTypes } from './migration.js'

/** The audit log as a Merkle tree over stored bytes, and what goes with it. */
export const AUDIT_PROOF: Migration = {
  version: 2,
  name: 'audit proof',
  statements: (types) => [
    ...logTables(types),
    // Made again where an earlier run got as far as dropping it.
    auditEntriesTable(types),
    ...conversion(types),
    `drop table audit_entries`,
    ...treeTables(types),
    ...outwardTables(types),
  ],
}

/** Most entries are of this action, so an index would lead to nearly all of them, and cost as much as any other. */
const MOST_COMMON_ACTION = 'call.allowed'

function logTables({ engine, integer, strict }: SqlTypes): string[] {
  const isSqlite = engine === 'sqlite'
  return [
    `create table if not exists audit_log (
      ${isSqlite ? 'id integer primary key,' : ''}
      workspace_id text not null references workspaces (id),
      idx ${integer} not null,
      leaf text not null,
      mac text,
      personal text,
      at_ms ${integer} not null,
      actor_id text,
      action text not null,
      resource_id text,
      outcome text not null check (outcome in ('success', 'failure')),
      request_id text,
      ${isSqlite ? 'unique (workspace_id, idx)' : 'words text[] not null, primary key (workspace_id, idx)'}
    ) ${strict}`,
    `create index if not exists audit_log_by_time on audit_log (workspace_id, at_ms, idx)`,
    `create index if not exists audit_log_by_actor on audit_log (workspace_id, actor_id, idx)`,
    `create index if not exists audit_log_by_action on audit_log (workspace_id, action, idx)
      where action <> '${MOST_COMMON_ACTION}'`,
    `create index if not exists audit_log_by_resource on audit_log (workspace_id, resource_id, idx)`,
    `create index if not exists audit_log_by_request on audit_log (workspace_id, request_id)
      where request_id is not null`,
    `create index if not exists audit_log_failures on audit_log (workspace_id, idx) where outcome = 'failure'`,
    isSqlite
      ? `create virtual table if not exists audit_words
          using fts5 (words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii')`
      : `create index if not exists audit_log_words on audit_log using gin (words)`,
  ]
}

/** Entries from before get a leaf that holds all of them; their personal data cannot be taken out of it any more. */
function conversion({ engine }: SqlTypes): string[] {
  const isSqlite = engine === 'sqlite'
  const object = isSqlite ? 'json_object' : 'json_build_object'
  const at = isSqlite
    ? `strftime('%Y-%m-%dT%H:%M:%fZ', at_ms / 1000.0, 'unixepoch')`
    : `to_char(to_timestamp(at_ms / 1000.0) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
  const leaf = `${object}('index', idx, 'workspace', workspace_id, 'at', ${at},
    'actor', ${object}('type', actor_type, 'id', actor_id, 'address', address, 'user_agent', user_agent),
    'action', action, 'operation', operation, 'resource', ${object}('type', resource_type, 'id', resource_id),
    'outcome', outcome, 'reason', reason, 'request_id', request_id,
    'details', ${isSqlite ? 'json(details)' : 'details::json'}, 'personal', null)`
  const columns = `workspace_id, idx, leaf, at_ms, actor_id, action, resource_id, outcome, request_id`
  const values = `workspace_id, idx, ${isSqlite ? leaf : `${leaf}::text`}, at_ms, actor_id, action, resource_id, outcome, request_id`
  const missing = `not exists (select 1 from audit_log as done
    where done.workspace_id = audit_entries.workspace_id and done.idx = audit_entries.idx)`
  if (!isSqlite) {
    return [
      `insert into audit_log (${columns}, words)
        select ${values}, regexp_split_to_array(lower(details), '[^a-z0-9]+') from audit_entries where ${missing}`,
    ]
  }
  return [
    `insert into audit_log (${columns}) select ${values} from audit_entries where ${missing} order by workspace_id, idx`,
    `insert into audit_words (rowid, words) select audit_log.id, audit_log.workspace_id || ' ' || details
      from audit_log join audit_entries using (workspace_id, idx)`,
  ]
}

function treeTables({ integer, blob, strict, clustered }: SqlTypes): string[] {
  return [
    `create table if not exists audit_trees (
      workspace_id text primary key not null references workspaces (id),
      size ${integer} not null,
      checkpoint text,
      signed_at_ms ${integer} not null,
      first_index ${integer} not null
    ) ${strict}`,
    `create table if not exists audit_tiles (
      workspace_id text not null references workspaces (id),
      level ${integer} not null,
      idx ${integer} not null,
      hashes ${blob} not null,
      primary key (workspace_id, level, idx)
    ) ${clustered}`,
    `create table if not exists audit_policies (
      workspace_id text primary key not null references workspaces (id),
      calls text not null,
      sample_rate text not null,
      retention_days ${integer},
      legal_hold ${integer} not null check (legal_hold in (0, 1))
    ) ${strict}`,
  ]
}

function outwardTables({ integer, strict, clustered }: SqlTypes): string[] {
  return [
    `create table if not exists audit_spools (
      id text primary key not null,
      sequence ${integer} not null
    ) ${strict}`,
    `create table if not exists audit_cursors (
      sink text not null,
      workspace_id text not null references workspaces (id),
      next_index ${integer} not null,
      primary key (sink, workspace_id)
    ) ${clustered}`,
    `create table if not exists leases (
      name text primary key not null,
      holder text not null,
      until_ms ${integer} not null
    ) ${strict}`,
  ]
}
