import { hash, randomFillSync } from 'node:crypto'
import { maskCredentials, mayHoldCredentials, type AuditAction, type AuditEntry } from '@bitting/core'
import type { AuditRow } from '../storage/audit-rows.js'

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

/** An entry as it is written, but for its place: the leaf from its second member on, and the personal data. */
export interface EntryTexts {
  readonly workspaceId: string
  /** A JSON object; {@link leafText} puts the index in front of its members. */
  readonly body: string
  /** A JSON object that begins with its salt. */
  readonly personal: string
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

/** Writes an entry out. Every text that came from outside passes the mask for credentials on its way. */
export function entryTexts(draft: EntryDraft): EntryTexts {
  const personal = writePersonal(draft.personal)
  const body = writeBody(draft, draft.details, draft.resource.id, personal)
  // Few entries hold what looks like a credential, and a look at the whole text is cheaper than one at each part.
  if (!mayHoldCredentials(personal) && !mayHoldCredentials(body)) {
    return { workspaceId: draft.workspaceId, body, personal }
  }
  const clean = writePersonal(masked(draft.personal) as PersonalData)
  const details = masked(draft.details) as EntryDraft['details']
  const resourceId = masked(draft.resource.id) as string | null
  return {
    workspaceId: draft.workspaceId,
    body: writeBody({ ...draft, action: masked(draft.action) as AuditAction }, details, resourceId, clean),
    personal: clean,
  }
}

let lastTime = { milliseconds: 0, text: '' }

/** Under load many entries share a millisecond, and writing one out costs as much as hashing. */
function timeText(milliseconds: number): string {
  if (lastTime.milliseconds !== milliseconds) {
    lastTime = { milliseconds, text: new Date(milliseconds).toISOString() }
  }
  return lastTime.text
}

function writePersonal(personal: PersonalData): string {
  return JSON.stringify({ salt: newSalt(), ...personal })
}

function writeBody(
  draft: EntryDraft,
  details: EntryDraft['details'],
  resourceId: string | null,
  personal: string,
): string {
  return JSON.stringify({
    workspace: draft.workspaceId,
    at: timeText(draft.atMilliseconds),
    actor: { type: draft.actor.type, id: draft.actor.id },
    action: draft.action,
    operation: draft.operation,
    resource: { type: draft.resource.type, id: resourceId },
    outcome: draft.failure === null ? 'success' : 'failure',
    reason: draft.failure,
    request_id: draft.requestId,
    details,
    personal: commitmentTo(personal),
  })
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

/** The row of an entry at its place: the texts that prove it, and beside them what it is searched by. */
export function auditRow(texts: EntryTexts, index: number): AuditRow {
  const leaf = leafText(index, texts.body)
  const entry = readEntry(leaf, texts.personal)
  return {
    workspace_id: texts.workspaceId,
    idx: index,
    leaf,
    personal: texts.personal,
    at_ms: Date.parse(entry.at),
    actor_id: searchable(entry.actor.id),
    action: searchable(entry.action) ?? '',
    resource_id: searchable(entry.resource.id),
    outcome: entry.outcome,
    request_id: searchable(entry.request_id),
    words: wordsOf(entry),
  }
}

const SEARCHABLE_LENGTH_MAX = 256

const UNSTORABLE = /[\0\p{Surrogate}]/gu

/** A text as it is searched by. The leaf has all of it; an index need not. */
function searchable(text: string | null): string | null {
  return text === null ? null : text.replace(UNSTORABLE, '').slice(0, SEARCHABLE_LENGTH_MAX)
}

const WORDS = /[\p{L}\p{N}]+/gu
const WORD_LENGTH_MAX = 64
const WORDS_MAX = 256

/** The distinct words of a text in lower case, as they are indexed and as they are looked for. */
export function wordsIn(text: string): string[] {
  const found = text.toLowerCase().match(WORDS) ?? []
  return [...new Set(found)].filter((word) => word.length <= WORD_LENGTH_MAX).slice(0, WORDS_MAX)
}

/** What free text finds an entry by: all that a reader of it sees, but for times and the member's names. */
export function wordsOf({
  actor,
  action,
  operation,
  resource,
  reason,
  request_id,
  details,
}: AuditEntry): string {
  const values = [actor.type, actor.id, actor.address, actor.user_agent, action, operation, resource.type]
  const texts = [...values, resource.id, reason, request_id, ...textsIn(details)]
  return wordsIn(texts.join(' ')).join(' ')
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string' || typeof value === 'number') return [String(value)]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

/** The same value with the credentials in its texts masked, in names of members too. */
function masked(value: unknown): unknown {
  if (typeof value === 'string') return maskCredentials(value)
  if (Array.isArray(value)) return value.map(masked)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, it]) => [maskCredentials(name), masked(it)]))
}
