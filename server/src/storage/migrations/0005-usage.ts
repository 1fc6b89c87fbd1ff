import type { Migration, SqlTypes } from './migration.js'

/** Use by the hour, permission and level, and what the list of keys is sorted by. */
export const USAGE: Migration = {
  version: 5,
  name: 'usage',
  statements: (types) => [
    ...usageTables(types),
    // What is too old is found by time alone.
    `create index if not exists key_usage_hours_by_time on key_usage_hours (hour)`,
    `create index if not exists workspace_usage_hours_by_time on workspace_usage_hours (hour)`,
    `create index if not exists key_usage_hours_denied on key_usage_hours (workspace_id, hour) where denied > 0`,
    `create index if not exists keys_by_name on keys (workspace_id, ${nameInOrder(types)}, id)`,
  ],
}

/** The hour stands last: whether a key used a permission of late is then one look. */
function usageTables({ integer, clustered }: SqlTypes): string[] {
  return [
    `create table if not exists key_usage_hours (
      workspace_id text not null references workspaces (id),
      key_id text not null references keys (id),
      permission text not null,
      level text not null check (level in ('read', 'edit')),
      hour ${integer} not null,
      allowed ${integer} not null,
      denied ${integer} not null,
      primary key (workspace_id, key_id, permission, level, hour)
    ) ${clustered}`,
    `create table if not exists workspace_usage_hours (
      workspace_id text not null references workspaces (id),
      permission text not null,
      level text not null check (level in ('read', 'edit')),
      hour ${integer} not null,
      allowed ${integer} not null,
      denied ${integer} not null,
      primary key (workspace_id, permission, level, hour)
    ) ${clustered}`,
  ]
}

/** SQLite compares the bytes of texts; PostgreSQL is told to, or the order would be its locale's. */
function nameInOrder({ engine }: SqlTypes): string {
  return engine === 'postgres' ? 'search_name collate "C"' : 'search_name'
}
