import type { Migration, SqlTypes } from './migration.js'

/** People: who they are, which workspaces they are in as what, and how they get in. */
export const PEOPLE: Migration = {
  version: 4,
  name: 'people',
  statements: (types) => [
    ...peopleTables(types),
    ...signInTables(types),
    `create unique index if not exists users_by_email on users (email)`,
    `create index if not exists members_of_user on members (user_id)`,
    `create unique index if not exists invitations_by_code on invitations (code_hash)`,
    `create index if not exists invitations_of_workspace on invitations (workspace_id, created_at, id)`,
    `create unique index if not exists sessions_by_id on sessions (id)`,
    `create index if not exists sessions_of_user on sessions (user_id)`,
    `create index if not exists passkeys_of_user on passkeys (user_id)`,
  ],
}

function peopleTables({ integer, blob, strict, clustered }: SqlTypes): string[] {
  return [
    `create table if not exists users (
      id text primary key not null,
      email text not null,
      name text not null,
      password_hash text,
      sealed_totp ${blob},
      totp_step ${integer},
      recovery_hashes text not null,
      created_at ${integer} not null,
      updated_at ${integer} not null
    ) ${strict}`,
    `create table if not exists members (
      workspace_id text not null references workspaces (id),
      user_id text not null references users (id),
      role text not null check (role in ('owner', 'admin', 'developer', 'auditor')),
      sso_only ${integer} not null check (sso_only in (0, 1)),
      version ${integer} not null,
      created_at ${integer} not null,
      created_by text not null,
      last_seen_at ${integer},
      removed_at ${integer},
      removed_by text,
      primary key (workspace_id, user_id)
    ) ${clustered}`,
    `create table if not exists invitations (
      id text primary key not null,
      workspace_id text not null references workspaces (id),
      code_hash text not null,
      email text not null,
      role text not null check (role in ('owner', 'admin', 'developer', 'auditor')),
      created_at ${integer} not null,
      created_by text not null,
      expires_at ${integer} not null,
      accepted_at ${integer},
      accepted_by text,
      revoked_at ${integer},
      revoked_by text
    ) ${strict}`,
    `create table if not exists passkeys (
      id text primary key not null,
      user_id text not null references users (id),
      public_key ${blob} not null,
      counter ${integer} not null,
      transports text not null,
      name text not null,
      backed_up ${integer} not null check (backed_up in (0, 1)),
      created_at ${integer} not null,
      last_used_at ${integer}
    ) ${strict}`,
  ]
}

function signInTables({ integer, blob, strict, clustered }: SqlTypes): string[] {
  return [
    `create table if not exists sessions (
      token_hash text primary key not null,
      id text not null,
      user_id text not null references users (id),
      workspace_id text not null references workspaces (id),
      method text not null,
      confined ${integer} not null check (confined in (0, 1)),
      second_factor ${integer} not null check (second_factor in (0, 1)),
      authenticated_at ${integer} not null,
      created_at ${integer} not null,
      last_seen_at ${integer} not null,
      expires_at ${integer} not null,
      address text,
      user_agent text
    ) ${strict}`,
    `create table if not exists ceremonies (
      token_hash text primary key not null,
      kind text not null,
      sealed_data ${blob} not null,
      expires_at ${integer} not null
    ) ${strict}`,
    `create table if not exists identities (
      workspace_id text not null references workspaces (id),
      issuer text not null,
      subject text not null,
      user_id text not null references users (id),
      created_at ${integer} not null,
      primary key (workspace_id, issuer, subject)
    ) ${clustered}`,
    `create table if not exists sign_in_policies (
      workspace_id text primary key not null references workspaces (id),
      password ${integer} not null check (password in (0, 1)),
      passkey ${integer} not null check (passkey in (0, 1)),
      require_second_factor ${integer} not null check (require_second_factor in (0, 1)),
      session_hours ${integer} not null,
      idle_minutes ${integer} not null,
      issuer text,
      client_id text,
      sealed_client_secret ${blob},
      label text,
      default_role text,
      domains text not null,
      version ${integer} not null
    ) ${strict}`,
    `create table if not exists sign_in_attempts (
      subject_hash text primary key not null,
      attempts ${integer} not null,
      blocked_until ${integer} not null,
      updated_at ${integer} not null
    ) ${strict}`,
  ]
}
