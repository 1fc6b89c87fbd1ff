import type { KeyView, MarkView, SecretView } from '@bitting/client'
import { keyState, type Conditions, type KeyState } from '@bitting/core'
export type { KeyView }
import { accessOf, addressesOf } from '../../storage/columns.js'
import type { KeyRow, KeyUsageRow, SecretRow } from '../../storage/schema.js'

/** Conditions in the API's words, for the audit log. */
export function conditionsDetails(conditions: Conditions): Readonly<Record<string, unknown>> {
  return {
    allowed_addresses: conditions.allowedAddresses,
    not_before: formatTimeOrNull(conditions.notBefore),
    expires_at: formatTimeOrNull(conditions.expiresAt),
  }
}

/** The state of a row at a time. */
export function stateOf(row: KeyRow, nowSeconds: number): KeyState {
  return keyState(
    {
      notBefore: row.not_before,
      expiresAt: row.expires_at,
      suspendedAt: row.suspended_at,
      revokedAt: row.revoked_at,
      compromised: row.compromised !== 0,
      deletedAt: row.deleted_at,
    },
    nowSeconds,
  )
}

/** A time in whole seconds as RFC 3339 in UTC. */
export function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

/** A time that may be absent. */
export function formatTimeOrNull(seconds: number | null): string | null {
  return seconds === null ? null : formatTime(seconds)
}

/** The key as the API shows it, from its rows and the id of the key that signs webhooks. */
export function viewKey(
  row: KeyRow,
  secrets: readonly SecretRow[],
  usage: KeyUsageRow | undefined,
  webhookKeyId: string | null,
  nowSeconds: number,
): KeyView {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    environment: row.environment,
    access: accessOf(row.access),
    state: stateOf(row, nowSeconds),
    conditions: {
      allowed_addresses: addressesOf(row),
      not_before: formatTimeOrNull(row.not_before),
    },
    expires_at: formatTimeOrNull(row.expires_at),
    note: row.note,
    webhook_key: row.id === webhookKeyId,
    secrets: secrets.map((secret) => viewSecret(secret, nowSeconds)),
    version: row.version,
    created_at: formatTime(row.created_at),
    created_by: row.created_by,
    updated_at: formatTime(row.updated_at),
    last_used_at: formatTimeOrNull(usage?.last_used_at ?? null),
    last_used_address: usage?.last_used_address ?? null,
    requests_allowed: usage?.allowed ?? 0,
    requests_denied: usage?.denied ?? 0,
    suspended: markView(row.suspended_at, row.suspended_by, row.suspend_reason),
    revoked: markView(row.revoked_at, row.revoked_by, row.revoke_reason),
    deleted: markView(row.deleted_at, row.deleted_by, null),
  }
}

function viewSecret(row: SecretRow, nowSeconds: number): SecretView {
  return {
    id: row.id,
    hint: `${row.prefix}${row.id}…`,
    state: secretState(row, nowSeconds),
    created_at: formatTime(row.created_at),
    retires_at: formatTimeOrNull(row.retires_at),
  }
}

function secretState(row: SecretRow, nowSeconds: number): SecretView['state'] {
  if (row.destroyed_at !== null) return 'destroyed'
  if (row.retires_at === null) return 'current'
  return nowSeconds < row.retires_at ? 'retiring' : 'retired'
}

function markView(at: number | null, by: string | null, reason: string | null): MarkView | null {
  return at === null ? null : { at: formatTime(at), by: by ?? 'unknown', reason }
}
