import type { KeyView, UpdateKeyRequest } from '@bitting/client'
import { levelOf, normaliseAccess, type Access } from '@bitting/core'
import { accessEquals } from './access-diff.js'

/** What of a key can be changed. Times are RFC 3339. */
export interface KeySettings {
  readonly name: string
  readonly access: Access
  /** Null for anywhere. */
  readonly addresses: readonly string[] | null
  readonly notBefore: string | null
  readonly expiresAt: string | null
  readonly note: string
}

/** The settings that a key has. */
export function settingsOf(key: KeyView): KeySettings {
  return {
    name: key.name,
    access: key.access,
    addresses: key.conditions.allowed_addresses,
    notBefore: key.conditions.not_before,
    expiresAt: key.expires_at,
    note: key.note,
  }
}

/** Which settings differ. */
export function changedSettings(before: KeySettings, after: KeySettings): (keyof KeySettings)[] {
  const fields = ['name', 'access', 'addresses', 'notBefore', 'expiresAt', 'note'] as const
  return fields.filter((field) => !SAME[field](before, after))
}

type Comparison = (left: KeySettings, right: KeySettings) => boolean

const SAME: Readonly<Record<keyof KeySettings, Comparison>> = {
  name: (left, right) => left.name === right.name,
  access: (left, right) => accessEquals(left.access, right.access),
  addresses: (left, right) => sorted(left.addresses) === sorted(right.addresses),
  notBefore: (left, right) => sameSecond(left.notBefore, right.notBefore),
  expiresAt: (left, right) => sameSecond(left.expiresAt, right.expiresAt),
  note: (left, right) => left.note === right.note,
}

/** The request that sets those of these settings which are named. */
export function updateRequest(
  settings: KeySettings,
  fields: readonly (keyof KeySettings)[],
): UpdateKeyRequest {
  const has = (field: keyof KeySettings): boolean => fields.includes(field)
  const conditions = {
    ...(has('addresses') && { allowed_addresses: settings.addresses }),
    ...(has('notBefore') && { not_before: settings.notBefore }),
  }
  return {
    ...(has('name') && { name: settings.name }),
    ...(has('access') && { access: settings.access }),
    ...(Object.keys(conditions).length > 0 && { conditions }),
    ...(has('expiresAt') && { expires_at: settings.expiresAt }),
    ...(has('note') && { note: settings.note }),
  }
}

/**
 * What somebody changed, put on top of what somebody else changed meanwhile: their values where only they changed
 * something. Of two lists of permissions each permission counts by itself.
 */
export function mergeSettings(base: KeySettings, mine: KeySettings, theirs: KeySettings): KeySettings {
  const changed = changedSettings(base, mine)
  const pick = <F extends keyof KeySettings>(field: F): KeySettings[F] =>
    changed.includes(field) ? mine[field] : theirs[field]
  return {
    name: pick('name'),
    access: mergeAccess(base.access, mine.access, theirs.access),
    addresses: pick('addresses'),
    notBefore: pick('notBefore'),
    expiresAt: pick('expiresAt'),
    note: pick('note'),
  }
}

function mergeAccess(base: Access, mine: Access, theirs: Access): Access {
  if (accessEquals(base, mine)) return theirs
  if (base === 'full' || mine === 'full' || theirs === 'full') return mine
  const permissions = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])]
  return normaliseAccess(
    Object.fromEntries(
      permissions.map((id) => {
        const wanted = levelOf(mine, id)
        return [id, wanted === levelOf(base, id) ? levelOf(theirs, id) : wanted]
      }),
    ),
  )
}

function sorted(addresses: readonly string[] | null): string {
  return addresses === null ? 'anywhere' : [...addresses].sort().join(' ')
}

/** Keys' times are whole seconds. */
function sameSecond(left: string | null, right: string | null): boolean {
  if (left === null || right === null) return left === right
  return Math.floor(Date.parse(left) / 1000) === Math.floor(Date.parse(right) / 1000)
}
