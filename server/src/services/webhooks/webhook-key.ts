import type { WebhookKeyView } from '@bitting/client'
import { ProblemError, type KeyState } from '@bitting/core'
import type { Updateable } from 'kysely'
import type { Actor } from '../../audit/actor.js'
import type { AuditEvent } from '../../audit/append.js'
import { accessOf, conditionsOf } from '../../storage/columns.js'
import type { Reader } from '../../storage/database.js'
import type { KeyRow } from '../../storage/schema.js'
import type { WebhookWorkspaceRow } from '../../storage/webhook-schema.js'
import { lockWebhooks } from '../../webhooks/outbox.js'
import type { ServiceContext } from '../context.js'
import { findKeyRow } from '../keys/find.js'
import { checkOwn } from '../keys/grant.js'
import { formatTime, formatTimeOrNull, stateOf } from '../keys/record.js'
import type { Mutated } from '../mutate.js'
import { requireRecent } from '../people/recent.js'

/** Which key is to sign the webhooks, and for how long the one before signs too. */
export interface SetWebhookKeyInput {
  readonly keyId: string
  /** In seconds; 0 ends the old key's signatures at once. */
  readonly overlapSeconds: number
}

/** What guards a move of the webhook key: every receiver has to follow it. */
export interface WebhookKeyGuard {
  /** The version that the caller saw, null for whatever is there. */
  readonly version: number | null
  /** The name by which the caller confirms, which must be that of the key that signs now; null where none is needed. */
  readonly confirmation: { readonly name: string | null } | null
}

/** Which key signs the webhooks of a workspace. */
export async function getWebhookKey(context: ServiceContext, workspaceId: string): Promise<WebhookKeyView> {
  return readWebhookKey(context.database.read, workspaceId, context.now())
}

/**
 * Sets the key that signs the webhooks of the workspace. Any API key can, also one that is expired or suspended: what
 * such a key opens has ended, what it signs has not. The first one asks for no guard, a move does. The key that signs
 * already changes nothing, but that an overlap under way can be made to end sooner. Who sets a key must have what it
 * opens: from then on it cannot be revoked without another in its place.
 *
 * @throws {ProblemError} not_found, version_conflict, confirmation_required, state_conflict, invalid_body,
 * grant_exceeds_own, step_up_required
 */
export async function setWebhookKey(
  context: ServiceContext,
  actor: Actor,
  { keyId, overlapSeconds }: SetWebhookKeyInput,
  guard: WebhookKeyGuard,
): Promise<Mutated<WebhookKeyView>> {
  return context.mutate({ actor, operation: 'setWebhookKey' }, async (tx) => {
    requireRecent(context, actor)
    const { workspaceId } = actor
    const now = context.now()
    const key = await findKeyRow(tx, workspaceId, keyId)
    await lockWebhooks(tx, workspaceId)
    const row = await findWebhooks(tx, workspaceId)
    checkVersion(row, guard.version)
    const before = row?.key_id ?? null
    if (before === keyId) {
      const ends = row === undefined ? null : shortenedOverlap(row, now, overlapSeconds)
      // Nothing happens, so there is nothing that the log or the receivers should be told.
      if (ends === null) return { result: await readWebhookKey(tx, workspaceId, now), audit: [], changed: [] }
      await updateWebhooks(tx, workspaceId, ends)
      return {
        result: await readWebhookKey(tx, workspaceId, now),
        audit: setEvent(before, keyId, overlapSeconds),
        changed: [],
      }
    }
    requireSigner(key, now)
    const { kind, environment } = key
    const conditions = conditionsOf(key)
    await checkOwn(tx, context, actor, { kind, environment, access: accessOf(key.access), conditions })
    if (before !== null) checkConfirmation(await findKeyRow(tx, workspaceId, before), guard)
    const overlaps = before !== null && overlapSeconds > 0
    await updateWebhooks(tx, workspaceId, {
      key_id: keyId,
      previous_key_id: overlaps ? before : null,
      overlap_until: overlaps ? now + overlapSeconds : null,
      set_at: now,
      set_by: actor.id,
      version: (row?.version ?? 0) + 1,
    })
    return {
      result: await readWebhookKey(tx, workspaceId, now),
      audit: setEvent(before, keyId, overlaps ? overlapSeconds : 0),
      changed: [],
    }
  })
}

function setEvent(before: string | null, after: string, overlapSeconds: number): AuditEvent {
  return {
    action: 'webhook_key.set',
    resource: { type: 'key', id: after },
    details: { before, after, overlap_seconds: overlapSeconds },
  }
}

/** What makes an overlap under way end sooner, as after a leak; null where it would not. */
function shortenedOverlap(
  { previous_key_id: previous, overlap_until: until, version }: WebhookWorkspaceRow,
  now: number,
  overlapSeconds: number,
): Updateable<WebhookWorkspaceRow> | null {
  const end = now + overlapSeconds
  if (previous === null || until === null || until <= now || end >= until) return null
  return overlapSeconds === 0
    ? { previous_key_id: null, overlap_until: null, version: version + 1 }
    : { overlap_until: end, version: version + 1 }
}

/**
 * Turns delivery off. Nothing is delivered any more; what is to be delivered waits for the next webhook key.
 *
 * @throws {ProblemError} version_conflict, confirmation_required, state_conflict, step_up_required
 */
export async function unsetWebhookKey(
  context: ServiceContext,
  actor: Actor,
  guard: WebhookKeyGuard,
): Promise<Mutated<WebhookKeyView>> {
  return context.mutate({ actor, operation: 'unsetWebhookKey' }, async (tx) => {
    requireRecent(context, actor)
    const { workspaceId } = actor
    const now = context.now()
    const row = await findWebhooks(tx, workspaceId)
    checkVersion(row, guard.version)
    const before = row?.key_id ?? null
    if (row === undefined || before === null) {
      throw new ProblemError('state_conflict', 'No webhook key is set, so delivery is off already.')
    }
    checkConfirmation(await findKeyRow(tx, workspaceId, before), guard)
    await updateWebhooks(tx, workspaceId, {
      key_id: null,
      previous_key_id: null,
      overlap_until: null,
      set_at: now,
      set_by: actor.id,
      version: row.version + 1,
    })
    return {
      result: await readWebhookKey(tx, workspaceId, now),
      audit: {
        action: 'webhook_key.unset',
        resource: { type: 'key', id: before },
        details: { before, after: null },
      },
      changed: [],
    }
  })
}

/**
 * Refuses to end the key that signs the webhooks: every receiver would refuse what follows, with nothing in its place.
 *
 * @throws {ProblemError} webhook_key_in_use
 */
export async function refuseWebhookKey(tx: Reader, workspaceId: string, keyId: string): Promise<void> {
  const row = await findWebhooks(tx, workspaceId)
  if (row?.key_id !== keyId) return
  throw new ProblemError(
    'webhook_key_in_use',
    'This key signs the webhooks of the workspace. Set another one first: PUT /v1/webhook-key, with overlap_seconds 0 ' +
      'where this one leaked. Or turn delivery off: DELETE /v1/webhook-key.',
  )
}

async function findWebhooks(read: Reader, workspaceId: string): Promise<WebhookWorkspaceRow | undefined> {
  return read
    .selectFrom('webhook_workspaces')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst()
}

async function updateWebhooks(
  tx: Parameters<typeof lockWebhooks>[0],
  workspaceId: string,
  columns: Updateable<WebhookWorkspaceRow>,
): Promise<void> {
  await tx.updateTable('webhook_workspaces').set(columns).where('workspace_id', '=', workspaceId).execute()
}

async function readWebhookKey(read: Reader, workspaceId: string, now: number): Promise<WebhookKeyView> {
  const row = await findWebhooks(read, workspaceId)
  const ids = [row?.key_id, row?.previous_key_id].filter((id) => typeof id === 'string')
  const keys =
    ids.length === 0
      ? []
      : await read
          .selectFrom('keys')
          .selectAll()
          .where('workspace_id', '=', workspaceId)
          .where('id', 'in', ids)
          .execute()
  const key = keys.find(({ id }) => id === row?.key_id)
  const previous = keys.find(({ id }) => id === row?.previous_key_id)
  const overlaps = previous !== undefined && !isEnded(previous) && (row?.overlap_until ?? 0) > now
  return {
    key_id: key?.id ?? null,
    name: key?.name ?? null,
    previous_key_id: overlaps ? previous.id : null,
    overlap_until: overlaps ? formatTimeOrNull(row?.overlap_until ?? null) : null,
    set_at: formatTimeOrNull(row?.set_at ?? null),
    set_by: row?.set_by ?? null,
    version: row?.version ?? 0,
    warnings: key === undefined ? [] : warningsOf(key, now),
  }
}

function warningsOf(key: KeyRow, now: number): string[] {
  const access = accessOf(key.access)
  const opens = access === 'full' || Object.values(access).some((level) => level !== 'none')
  const warnings = opens
    ? ['Every receiver holds this key, and it opens the API. A key with no permissions is the safe choice.']
    : []
  if (key.expires_at !== null) {
    const when = `${key.expires_at <= now ? 'expired' : 'expires'} at ${formatTime(key.expires_at)}`
    warnings.push(`The key ${when}. It signs on after that; only what it opens ends.`)
  }
  return warnings
}

/** Whether a key has been ended by somebody; one that has expired has not. */
function isEnded(key: KeyRow): boolean {
  return key.revoked_at !== null || key.deleted_at !== null
}

function requireSigner(key: KeyRow, now: number): void {
  if (key.kind === 'management') {
    const message = 'must be an API key: every receiver holds the webhook key, and this one manages keys'
    throw new ProblemError('invalid_body', 'A management key cannot sign webhooks.', {
      errors: [{ field: 'key_id', message }],
    })
  }
  if (!isEnded(key)) return
  const state: KeyState = stateOf(key, now)
  throw new ProblemError('state_conflict', `The key "${key.name}" is ${state}, so it cannot sign webhooks.`, {
    members: { state },
  })
}

function checkVersion(row: WebhookWorkspaceRow | undefined, version: number | null): void {
  if (version === null || version === (row?.version ?? 0)) return
  throw new ProblemError(
    'version_conflict',
    'The webhook key was changed since you read it. Read it again, then repeat the change.',
  )
}

function checkConfirmation(current: KeyRow, { confirmation }: WebhookKeyGuard): void {
  if (confirmation === null || confirmation.name === current.name) return
  throw new ProblemError(
    'confirmation_required',
    'Every receiver verifies with the key that signs now. Repeat the request with If-Match and the ETag of the webhook key, or with ?confirm= and the exact name of the key that signs now.',
    { errors: [{ field: 'confirm', message: 'must be the exact name of the key that signs now' }] },
  )
}
