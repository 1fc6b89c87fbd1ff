import type { Migration, SqlTypes } from './migration.js'

/** Webhooks: the key that signs them, where they go, what is sent, and what became of it. */
export const WEBHOOKS: Migration = {
  version: 3,
  name: 'webhooks',
  statements: (types) => [
    ...endpointTables(types),
    ...deliveryTables(types),
    `create unique index if not exists webhook_events_by_id on webhook_events (workspace_id, id)`,
    `create unique index if not exists webhook_events_once on webhook_events (workspace_id, dedupe_key)
      where dedupe_key is not null`,
    `create index if not exists webhook_events_by_time on webhook_events (created_at_ms)`,
    `create index if not exists webhook_endpoints_of_workspace on webhook_endpoints (workspace_id, created_at, id)`,
    `create index if not exists webhook_deliveries_due on webhook_deliveries (endpoint_id, next_at_ms, sequence)
      where state = 'pending'`,
    `create index if not exists webhook_deliveries_in_order on webhook_deliveries (endpoint_id, subject, sequence)
      where state = 'pending' and subject is not null`,
    `create index if not exists webhook_deliveries_failed on webhook_deliveries (endpoint_id, sequence)
      where state = 'failed'`,
    `create index if not exists webhook_deliveries_of_event on webhook_deliveries (workspace_id, sequence)`,
    `create index if not exists keys_by_expiry on keys (expires_at)
      where expires_at is not null and revoked_at is null and deleted_at is null`,
    `create index if not exists webhook_relays_of_workspace on webhook_relays (workspace_id)`,
  ],
}

function endpointTables({ integer, blob, strict }: SqlTypes): string[] {
  return [
    // One row a workspace, so there can be one webhook key only.
    `create table if not exists webhook_workspaces (
      workspace_id text primary key not null references workspaces (id),
      key_id text references keys (id),
      previous_key_id text references keys (id),
      overlap_until ${integer},
      set_at ${integer},
      set_by text,
      version ${integer} not null,
      last_sequence ${integer} not null
    ) ${strict}`,
    `create table if not exists webhook_endpoints (
      id text primary key not null,
      workspace_id text not null references workspaces (id),
      url text not null,
      description text not null,
      events text not null,
      schemes text not null,
      sealed_headers ${blob},
      rate_limit ${integer},
      concurrency ${integer} not null,
      ordered ${integer} not null check (ordered in (0, 1)),
      handshake_required ${integer} not null check (handshake_required in (0, 1)),
      handshake_at ${integer},
      generation ${integer} not null,
      sealed_secret ${blob},
      sealed_retiring_secret ${blob},
      secret_retires_at ${integer},
      switched_to text,
      failing_since_ms ${integer},
      probe text,
      version ${integer} not null,
      created_at ${integer} not null,
      created_by text not null,
      updated_at ${integer} not null,
      disabled_at ${integer},
      disabled_by text,
      disable_reason text,
      deleted_at ${integer},
      deleted_by text
    ) ${strict}`,
    `create table if not exists webhook_relays (
      id text primary key not null,
      workspace_id text not null references workspaces (id),
      name text not null,
      scheme text not null,
      sealed_key ${blob},
      created_at ${integer} not null,
      created_by text not null,
      deleted_at ${integer},
      deleted_by text
    ) ${strict}`,
  ]
}

function deliveryTables({ integer, strict, clustered }: SqlTypes): string[] {
  return [
    // Not clustered: a table in the order of its key would keep most of a body on a page of its own.
    `create table if not exists webhook_events (
      workspace_id text not null references workspaces (id),
      sequence ${integer} not null,
      id text not null,
      type text not null,
      subject text,
      source text not null,
      content_type text not null,
      body text not null,
      dedupe_key text,
      created_at_ms ${integer} not null,
      primary key (workspace_id, sequence)
    ) ${strict}`,
    `create table if not exists webhook_deliveries (
      endpoint_id text not null references webhook_endpoints (id),
      sequence ${integer} not null,
      workspace_id text not null,
      subject text,
      state text not null check (state in ('pending', 'delivered', 'failed')),
      attempts ${integer} not null,
      failures ${integer} not null,
      next_at_ms ${integer} not null,
      created_at_ms ${integer} not null,
      finished_at_ms ${integer},
      primary key (endpoint_id, sequence)
    ) ${clustered}`,
    `create table if not exists webhook_attempts (
      endpoint_id text not null,
      sequence ${integer} not null,
      number ${integer} not null,
      workspace_id text not null,
      at_ms ${integer} not null,
      duration_ms ${integer} not null,
      status ${integer},
      error text,
      response text not null,
      signed_with text,
      primary key (endpoint_id, sequence, number)
    ) ${clustered}`,
  ]
}
