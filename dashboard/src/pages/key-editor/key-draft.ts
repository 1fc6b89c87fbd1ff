import type { KeyView } from '@bitting/client'
import { maskCredentials, normaliseAccess, type Access, type Environment, type KeyKind } from '@bitting/core'
import type { Levels } from './access-matrix.js'
import { readAddressLines } from './address-lines.js'
import { settingsOf, type KeySettings } from './key-settings.js'

/** When a key ends: after some days, at a time, or never. */
export type ExpiryChoice = 'never' | '30' | '90' | '365' | 'date'

/** What was entered into the form of a key, as it was entered. */
export interface KeyDraft {
  readonly name: string
  readonly kind: KeyKind
  readonly environment: Environment
  /** False for full access. */
  readonly restricted: boolean
  /** Kept while `restricted` is false, so that going back loses nothing. */
  readonly levels: Levels
  readonly addresses: string
  readonly notBefore: string | null
  readonly expiry: ExpiryChoice
  /** For the choice `date`. */
  readonly expiresAt: string | null
  readonly note: string
}

/** Flaws of a draft by field, absent where there is none. */
export type DraftFlaws = Readonly<
  Partial<Record<'name' | 'access' | 'addresses' | 'notBefore' | 'expiresAt' | 'note', string>>
>

/** A form before anything was entered: a restricted key that may do nothing yet. */
export const EMPTY_DRAFT: KeyDraft = {
  name: '',
  kind: 'api',
  environment: 'production',
  restricted: true,
  levels: {},
  addresses: '',
  notBefore: null,
  expiry: 'never',
  expiresAt: null,
  note: '',
}

/** The form of a key that is to get these settings. */
export function draftOf(key: Pick<KeyView, 'kind' | 'environment'>, settings: KeySettings): KeyDraft {
  const { access, addresses, expiresAt } = settings
  return {
    name: settings.name,
    kind: key.kind,
    environment: key.environment,
    restricted: access !== 'full',
    levels: access === 'full' ? {} : access,
    addresses: (addresses ?? []).join('\n'),
    notBefore: settings.notBefore,
    expiry: expiresAt === null ? 'never' : 'date',
    expiresAt,
    note: settings.note,
  }
}

/** The form of a key like another one. An end or a beginning that is over is not taken along. */
export function copyOf(key: KeyView, now: number): KeyDraft {
  const settings = settingsOf(key)
  const ahead = (time: string | null): string | null =>
    time !== null && Date.parse(time) > now ? time : null
  const name = `${settings.name.slice(0, 95)} copy`
  return draftOf(key, {
    ...settings,
    name,
    notBefore: ahead(settings.notBefore),
    expiresAt: ahead(settings.expiresAt),
  })
}

/** The access that a draft asks for. */
export function draftAccess({ restricted, levels }: Pick<KeyDraft, 'restricted' | 'levels'>): Access {
  return restricted ? normaliseAccess(levels) : 'full'
}

/** When a draft's key ends, null for never. Days count from `now`, in milliseconds since 1970. */
export function draftExpiry({ expiry, expiresAt }: KeyDraft, now: number): string | null {
  if (expiry === 'never') return null
  if (expiry === 'date') return expiresAt
  return new Date(now + Number(expiry) * 86_400_000).toISOString()
}

/** The settings that a draft asks for; addresses that do not parse are left out, see {@link draftFlaws}. */
export function draftSettings(draft: KeyDraft, now: number): KeySettings {
  return {
    name: draft.name.trim(),
    access: draftAccess(draft),
    addresses: readAddressLines(draft.addresses).ranges,
    notBefore: draft.notBefore,
    expiresAt: draftExpiry(draft, now),
    note: draft.note,
  }
}

const CREDENTIAL =
  'This looks like a token or another credential. Leave it out: everybody who sees keys reads it.'

/** What is wrong with a draft before the server is asked. `before` is the key as it is, where it is one. */
export function draftFlaws(draft: KeyDraft, now: number, before?: KeySettings): DraftFlaws {
  const expiresAt = draftExpiry(draft, now)
  const kept = expiresAt !== null && expiresAt === before?.expiresAt
  const { flaws } = readAddressLines(draft.addresses)
  const found: Record<keyof DraftFlaws, string | null> = {
    name: nameFlaw(draft.name.trim()),
    access: null,
    addresses: flaws.length === 0 ? null : flaws.join('\n'),
    notBefore: null,
    expiresAt: kept ? null : expiryFlaw(draft, expiresAt, now),
    note: maskCredentials(draft.note) === draft.note ? null : CREDENTIAL,
  }
  return Object.fromEntries(Object.entries(found).filter(([, flaw]) => flaw !== null))
}

function nameFlaw(name: string): string | null {
  if (name === '') return 'Give the key a name that says what it is for.'
  return maskCredentials(name) === name ? null : CREDENTIAL
}

function expiryFlaw(draft: KeyDraft, expiresAt: string | null, now: number): string | null {
  if (draft.expiry !== 'date') return null
  if (expiresAt === null) return 'Choose when the key ends.'
  if (Date.parse(expiresAt) <= now) return 'Choose a time that is still to come.'
  const early = draft.notBefore !== null && Date.parse(expiresAt) <= Date.parse(draft.notBefore)
  return early ? 'Choose a time after the one from which the key works.' : null
}
