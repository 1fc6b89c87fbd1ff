import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { verifyWebhook } from '@bitting/client/webhooks'
import type { RandomBytes } from '@bitting/core'
import { appendAudit } from '../audit/append.js'
import { systemEntry } from '../audit/entry.js'
import type { LogKeys } from '../audit/log-key.js'
import type { WritableDatabase } from '../storage/database.js'
import type { Sealer } from '../storage/sealing.js'
import type { WebhookRelayRow } from '../storage/webhook-schema.js'
import { EVENT_TYPE, EVENT_TYPE_LENGTH_MAX, isReservedType, newEventId, type NewEvent } from './event.js'
import { takeEvents } from './outbox.js'
import { relayKeyContext } from './relay-key.js'

/** What a relay works with. */
export interface RelayOptions {
  readonly database: WritableDatabase
  readonly sealer: Sealer
  readonly logKeys: LogKeys
  /** The present in milliseconds since 1970 UTC. */
  readonly now: () => number
  readonly randomBytes: RandomBytes
  /** Told after each event that was taken. */
  readonly onEvents: () => void
}

/** What became of an upstream's webhook: taken, known already, not signed by the upstream, or of no use. */
export type RelayOutcome = 'taken' | 'known' | 'unsigned' | 'no_object'

const RELAY_ID = /^whr_[0-9A-Za-z]{22}$/
const SUBJECT_LENGTH_MAX = 200
/** What an event is called whose own name is missing, or is one that Bitting alone sends. */
const UNNAMED = 'relayed'

/**
 * Takes the webhooks of an upstream, verifies them with the upstream's key, and leaves them to be delivered, byte for
 * byte, signed with the workspace's webhook key: so that no receiver needs the upstream's key. Resolves when the event
 * is durable. A repetition of what was taken is not taken again: its body is the same.
 */
export class WebhookRelay {
  readonly #options: RelayOptions

  constructor(options: RelayOptions) {
    this.#options = options
  }

  /** A relay that does not exist and a wrong signature are one answer: a guesser learns nothing. */
  async receive(relayId: string, headers: IncomingHttpHeaders, body: Buffer): Promise<RelayOutcome> {
    const relay = RELAY_ID.test(relayId) ? await this.#find(relayId) : undefined
    if (relay === undefined || relay.sealed_key === null) return 'unsigned'
    const { database, sealer, logKeys, now, randomBytes, onEvents } = this.#options
    const key = Buffer.from(sealer.open(relay.sealed_key, relayKeyContext(relay.workspace_id, relay.id)))
    const options = { schemes: [relay.scheme], nowMilliseconds: now() }
    if (!verifyWebhook(body, headers, key.toString(), options)) return 'unsigned'
    const event = eventOf(relay, headers, body, now(), randomBytes)
    if (event === null) return 'no_object'
    const isTaken = await database
      .transact(async (tx) => {
        const entry = systemEntry(relay.workspace_id, event.atMilliseconds, {
          action: 'event.relay',
          resource: { type: 'event', id: event.id },
          failure: null,
          details: { relay: relay.id, type: event.type },
        })
        // The workspace's row first, as everybody who writes does; an entry of a repetition is taken back with it.
        await appendAudit(tx, logKeys, entry)
        if ((await takeEvents(tx, relay.workspace_id, [event])).length === 0) throw new KnownEventError()
        return true
      })
      .catch((error: unknown) => {
        if (error instanceof KnownEventError) return false
        throw error
      })
    if (isTaken) onEvents()
    return isTaken ? 'taken' : 'known'
  }

  /** Whether there is such a relay, so that nothing is read for one that there is not. */
  async knows(relayId: string): Promise<boolean> {
    return RELAY_ID.test(relayId) && (await this.#find(relayId)) !== undefined
  }

  #find(id: string): Promise<WebhookRelayRow | undefined> {
    return this.#options.database.read
      .selectFrom('webhook_relays')
      .selectAll()
      .where('id', '=', id)
      .where('deleted_at', 'is', null)
      .executeTakeFirst()
  }
}

class KnownEventError extends Error {}

/** The event of a body, null where that is not the text of a JSON object. */
function eventOf(
  relay: WebhookRelayRow,
  headers: IncomingHttpHeaders,
  bytes: Buffer,
  atMilliseconds: number,
  randomBytes: RandomBytes,
): NewEvent | null {
  const body = bytes.toString('utf8')
  if (!/^[ \t\r\n]*\{/.test(body) || !Buffer.from(body).equals(bytes)) return null
  const object = parseObject(body)
  if (object === null) return null
  // Standard Webhooks signs an id. Retell signs none, and its repetitions have the same body.
  const identity =
    relay.scheme === 'standard'
      ? String(headers['webhook-id'])
      : createHash('sha256').update(bytes).digest('base64url')
  return {
    id: newEventId(randomBytes, atMilliseconds),
    type: typeOf(object),
    subject: subjectOf(object),
    source: relay.id,
    contentType: headers['content-type'] ?? 'application/json',
    body,
    dedupeKey: `${relay.id}:${identity}`,
    atMilliseconds,
  }
}

interface UpstreamBody {
  readonly event?: unknown
  readonly type?: unknown
  readonly call?: { readonly call_id?: unknown }
  readonly chat?: { readonly chat_id?: unknown }
}

function parseObject(text: string): UpstreamBody | null {
  try {
    return JSON.parse(text) as UpstreamBody
  } catch {
    return null
  }
}

function typeOf({ event, type }: UpstreamBody): string {
  const name = typeof event === 'string' ? event : type
  if (typeof name !== 'string' || name.length > EVENT_TYPE_LENGTH_MAX) return UNNAMED
  return EVENT_TYPE.test(name) && !isReservedType(name) ? name : UNNAMED
}

/** The call or chat that an event of Retell's is about. */
function subjectOf({ call, chat }: UpstreamBody): string | null {
  const id = call?.call_id ?? chat?.chat_id
  const isUsable =
    typeof id === 'string' && id.length > 0 && id.length <= SUBJECT_LENGTH_MAX && !/[\p{Cc}\p{Cs}]/u.test(id)
  return isUsable ? id : null
}
