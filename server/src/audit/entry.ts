import { hash, randomFillSync } from 'node:crypto'
import { maskCredentials, mayHoldCredentials, type AuditAction, type AuditEntry } from '@bitting/core'
import { wordsOf } from './words.js'

/**
 * What of an entry is about people and can be erased. The leaf holds only the SHA-256 of this with a random salt, so
 * without it nothing can be guessed back, and with it anybody can check that it is what was written.
 */
export interface PersonalData {
  readonly address?: string | null
  readonly user_agent?: string | null
  /** The actor, where an application names one. */
  readonly actor_id?: string
  /** The resource, where a caller named one. */
  readonly resource_id?: string
  readonly metadata?: unknown
}

/** An entry before it has its place in the log. */
export interface EntryDraft {
  readonly workspaceId: string
  /** In milliseconds since 1970 UTC. */
  readonly atMilliseconds: number
  readonly actor: { readonly type: string; readonly id: string | null }
  readonly action: AuditAction
  readonly operation: string | null
  readonly resource: { readonly type: string; readonly id: string | null }
  /** Null for a success. */
  readonly failure: string | null
  readonly requestId: string | null
  readonly details: Readonly<Record<string, unknown>>
  readonly personal: PersonalData
}

/** An entry of the program's own: what it did by itself, or could not do. About a log, unless a resource is named. */
export function systemEntry(
  workspaceId: string,
  atMilliseconds: number,
  act: Pick<EntryDraft, 'action' | 'failure' | 'details'> & Partial<Pick<EntryDraft, 'resource'>>,
): EntryDraft {
  return {
    workspaceId,
    atMilliseconds,
    resource: { type: 'audit', id: null },
    ...act,
    actor: { type: 'system', id: null },
    operation: null,
    requestId: null,
    personal: {},
  }
}

/** An entry as it is written, but for its place: the leaf from its second member on, and what stands beside it. */
export interface EntryTexts {
  readonly workspaceId: string
  /** A JSON object; {@link leafText} puts the index in front of its members. */
  readonly body: string
  /** A JSON object that begins with its salt. */
  readonly personal: string
  /** What the entry is searched by, in the order of `SEARCH_COLUMNS`: a JSON array. */
  readonly search: string
}

const SALT_BYTES = 16
const SALTS = Buffer.allocUnsafe(SALT_BYTES * 256)
let saltAt = SALTS.length

/** A fresh salt. Random bytes are taken from the system in bulk: one call an entry would cost more than its hash. */
function newSalt(): string {
  if (saltAt === SALTS.length) {
    randomFillSync(SALTS)
    saltAt = 0
  }
  const salt = SALTS.toString('base64url', saltAt, saltAt + SALT_BYTES)
  saltAt += SALT_BYTES
  return salt
}

/**
 * Writes an entry out. Every text that came from outside passes the mask for credentials on its way; few hold what looks
 * like one, and a look at the whole is cheaper than one at each part.
 */
export function entryTexts(draft: EntryDraft): EntryTexts {
  const texts = writeEntry(draft)
  if (!mayHoldCredentials(texts.personal) && !mayHoldCredentials(texts.body)) return texts
  const { action, resource, details, personal } = draft
  return writeEntry({
    ...draft,
    action: maskCredentials(action) as AuditAction,
    resource: { type: resource.type, id: masked(resource.id) as string | null },
    details: masked(details) as EntryDraft['details'],
    personal: masked(personal) as PersonalData,
  })
}

/** Writes out an entry of which the program knows every text, or has masked it before. */
export function writeEntry(draft: EntryDraft): EntryTexts {
  const { workspaceId, actor, action, operation, resource, failure, requestId, details } = draft
  const personal = JSON.stringify({ salt: newSalt(), ...draft.personal })
  const outcome = failure === null ? 'success' : 'failure'
  const body = JSON.stringify({
    workspace: workspaceId,
    at: timeText(draft.atMilliseconds),
    actor: { type: actor.type, id: actor.id },
    action,
    operation,
    resource: { type: resource.type, id: resource.id },
    outcome,
    reason: failure,
    request_id: requestId,
    details,
    personal: commitmentTo(personal),
  })
  const {
    address,
    user_agent: userAgent,
    actor_id: actorId,
    resource_id: resourceId,
    metadata,
  } = draft.personal
  const actorOf = actorId ?? actor.id
  const resourceOf = resourceId ?? resource.id
  const named = [actor.type, actorOf, address, userAgent, action, operation, resource.type, resourceOf]
  const words = wordsOf([...named, failure, requestId, details, metadata])
  const search = [
    draft.atMilliseconds,
    searchable(actorOf),
    searchable(action),
    searchable(resourceOf),
    outcome,
    searchable(requestId),
    words,
  ]
  return { workspaceId, body, personal, search: JSON.stringify(search) }
}

/** The words by which free text finds an entry as a reader sees it. */
export function wordsOfEntry({
  actor,
  action,
  operation,
  resource,
  reason,
  request_id,
  details,
}: AuditEntry): string {
  const { type, id, address, user_agent: userAgent } = actor
  const named = [type, id, address, userAgent, action, operation, resource.type, resource.id]
  return wordsOf([...named, reason, request_id, details])
}

let lastTime = { milliseconds: 0, text: '' }

/** Under load many entries share a millisecond, and writing one out costs as much as hashing. */
function timeText(milliseconds: number): string {
  if (lastTime.milliseconds !== milliseconds) {
    lastTime = { milliseconds, text: new Date(milliseconds).toISOString() }
  }
  return lastTime.text
}

/** The bytes of the leaf that hashes an entry, as text: what RFC 6962 calls the entry. */
export function leafText(index: number, body: string): string {
  return `{"index":${String(index)},${body.slice(1)}`
}

/** The SHA-256 of an entry's personal data in base64, which stands in its leaf. */
export function commitmentTo(personal: string): string {
  return hash('sha256', personal, 'base64')
}

interface Leaf {
  readonly index: number
  readonly workspace: string
  readonly at: string
  readonly actor: { readonly type: string; readonly id: string | null } & PersonalData
  readonly action: AuditAction
  readonly operation: string | null
  readonly resource: { readonly type: string; readonly id: string | null }
  readonly outcome: 'success' | 'failure'
  readonly reason: string | null
  readonly request_id: string | null
  readonly details: Readonly<Record<string, unknown>>
  /** Null in entries from before there were commitments: theirs hold the address themselves. */
  readonly personal: string | null
}

/** An entry as it is read, from its leaf and its personal data; null stands for what was erased. */
export function readEntry(leaf: string, personalText: string | null): AuditEntry {
  const { personal: commitment, actor, resource, details, ...rest } = JSON.parse(leaf) as Leaf
  const personal = personalText === null ? {} : (JSON.parse(personalText) as PersonalData)
  return {
    ...rest,
    actor: {
      type: actor.type,
      id: personal.actor_id ?? actor.id,
      address: personal.address ?? actor.address ?? null,
      user_agent: personal.user_agent ?? actor.user_agent ?? null,
    },
    resource: { type: resource.type, id: personal.resource_id ?? resource.id },
    details: personal.metadata === undefined ? details : { ...details, metadata: personal.metadata },
    erased: commitment !== null && personalText === null,
  }
}

const SEARCHABLE_LENGTH_MAX = 256

const UNSTORABLE = /[\0\p{Surrogate}]/gu

/** A text as it is searched by. The leaf has all of it; an index need not. */
function searchable(text: string | null): string | null {
  return text === null ? null : text.replace(UNSTORABLE, '').slice(0, SEARCHABLE_LENGTH_MAX)
}

/** The same value with the credentials in its texts masked, in names of members too. */
function masked(value: unknown): unknown {
  if (typeof value === 'string') return maskCredentials(value)
  if (Array.isArray(value)) return value.map(masked)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, it]) => [maskCredentials(name), masked(it)]))
}
