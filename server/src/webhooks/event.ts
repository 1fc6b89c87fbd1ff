import { encodeBase62, randomBase62, type RandomBytes } from '@bitting/core'

/** Something to tell the endpoints of a workspace. */
export interface NewEvent {
  /** `evt_` and 22 base62 digits, which begin with the time; what receivers tell repetitions by. */
  readonly id: string
  readonly type: string
  /** What it is about, a key's id for example: the unit of ordering. Null where nothing else can be about the same. */
  readonly subject: string | null
  /** `bitting`, `posted`, or the id of a relay. */
  readonly source: string
  readonly contentType: string
  /** What is sent, byte for byte. */
  readonly body: string
  /** Of two events with one such key the second is not taken; null for no such key. */
  readonly dedupeKey: string | null
  readonly atMilliseconds: number
}

/** The parts of an event whose body is the usual envelope. */
export interface EventFacts {
  readonly type: string
  readonly subject: string | null
  readonly source: string
  readonly data: unknown
  readonly dedupeKey?: string | null
  readonly atMilliseconds: number
}

/** The longest name of an event type, in characters. */
export const EVENT_TYPE_LENGTH_MAX = 128

/** The longest body of an event, in bytes of UTF-8. */
export const EVENT_BYTES_MAX: number = 256 * 1024

/** Words of letters, digits, underscores and hyphens, separated by dots. */
export const EVENT_TYPE = /^[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*$/

/** The first words of the types that Bitting alone sends: who posts events cannot send these. */
export const RESERVED_TYPES = [
  'key',
  'webhook_key',
  'webhook_endpoint',
  'webhook_relay',
  'audit',
  'workspace',
  'catalog',
  'bitting',
] as const

/** Says whether a type is one of those that Bitting alone sends. */
export function isReservedType(type: string): boolean {
  const [first = ''] = type.split('.')
  return RESERVED_TYPES.some((reserved) => reserved === first.toLowerCase())
}

/** How many of an id's digits are the time: enough for the next thousands of years. */
const TIME_DIGITS = 8

/** A fresh id of an event: its time in milliseconds, then chance, so that an index of ids grows at its end. */
export function newEventId(randomBytes: RandomBytes, atMilliseconds: number): string {
  return `evt_${encodeBase62(atMilliseconds, TIME_DIGITS)}${randomBase62(22 - TIME_DIGITS, randomBytes)}`
}

/**
 * An event with the envelope that Standard Webhooks recommends, `{id, type, timestamp, data}`. It always begins with a
 * brace and ends with one, which keeps the signing schemes apart.
 */
export function envelope(facts: EventFacts, randomBytes: RandomBytes): NewEvent {
  const { type, subject, source, data, dedupeKey = null, atMilliseconds } = facts
  const id = newEventId(randomBytes, atMilliseconds)
  const body = JSON.stringify({ id, type, timestamp: new Date(atMilliseconds).toISOString(), data })
  return { id, type, subject, source, contentType: 'application/json', body, dedupeKey, atMilliseconds }
}

/**
 * Says whether a filter wants a type. A filter names a type, or the beginning of types as `key.*`, or `*` for all but
 * those that come so often that they must be named.
 */
export function wantsEvent(filters: readonly string[], type: string): boolean {
  return filters.some((filter) => {
    if (filter === type) return true
    if (!filter.endsWith('*') || type === CHECKPOINT_EVENT) return false
    return filter === '*' || type.startsWith(filter.slice(0, -1))
  })
}

/** Comes as often as a checkpoint is signed, once a second on a busy log: only those get it that name it. */
export const CHECKPOINT_EVENT = 'audit.checkpoint'
