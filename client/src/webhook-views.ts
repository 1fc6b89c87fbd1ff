import type { WebhookScheme } from '@bitting/core'

/** Which key signs the webhooks of a workspace. Times are RFC 3339. */
export interface WebhookKeyView {
  /** Null while delivery is off. */
  readonly key_id: string | null
  readonly name: string | null
  /** The key before, which signs too until the overlap ends; null without an overlap. */
  readonly previous_key_id: string | null
  readonly overlap_until: string | null
  /** When and by whom it was set or unset last; null where it never was. */
  readonly set_at: string | null
  readonly set_by: string | null
  /** Counts the changes, from 0; what `If-Match` compares. */
  readonly version: number
  /** What is unwise about the key, as sentences. */
  readonly warnings: string[]
}

/** Which key is to sign the webhooks. */
export interface SetWebhookKeyRequest {
  readonly key_id: string
  /** How long the key before signs too, 0 to 2,592,000 seconds; 86,400 unless it is told. */
  readonly overlap_seconds?: number | undefined
}

/** Whether an endpoint gets deliveries, or why not. */
export type WebhookEndpointState =
  'active' | 'disabled' | 'awaiting_handshake' | 'awaiting_webhook_key' | 'deleted'

/** One request of a probe, and what became of it. */
export interface WebhookProbeCheckView {
  /** How it was signed: `missing`, `wrong`, `old`, `tampered` or `right`. */
  readonly signature: string
  readonly status: number | null
  readonly error: string | null
  readonly accepted: boolean
}

/** What a probe found out about an endpoint. */
export interface WebhookProbeView {
  /** `verifies`, or what is wrong: `accepts_unsigned` for example. */
  readonly verdict: string
  /** What to do, as sentences, gravest first. */
  readonly findings: string[]
  readonly checks: WebhookProbeCheckView[]
  readonly at: string
}

/** Where webhooks go. Times are RFC 3339. */
export interface WebhookEndpointView {
  readonly id: string
  readonly url: string
  readonly description: string
  /** Types of events, beginnings of types as `key.*`, or `*`. */
  readonly events: string[]
  readonly signatures: WebhookScheme[]
  /** The names of the endpoint's own header fields; their values are never shown. */
  readonly header_names: string[]
  /** Requests a second; null for no limit. */
  readonly rate_limit: number | null
  /** Requests at a time. */
  readonly concurrency: number
  /** Whether the events of one subject wait for one another. */
  readonly ordered: boolean
  readonly require_handshake: boolean
  readonly handshake_at: string | null
  readonly state: WebhookEndpointState
  /** Null unless it was disabled: by somebody, or because it answered 410 or failed for days. */
  readonly disabled: {
    readonly at: string
    readonly by: string
    readonly reason: 'manual' | 'gone' | 'failing'
  } | null
  /** Since when every attempt has failed. */
  readonly failing_since: string | null
  /** What verifies its Ed25519 signatures, `whpk_…`. */
  readonly public_key: string
  /** Until when the secret before the newest signs too; null without an overlap. */
  readonly secret_retires_at: string | null
  /** Whether the receiver is known to verify with the newest secret of the webhook key; null without an overlap. */
  readonly uses_newest_key: boolean | null
  readonly probe: WebhookProbeView | null
  readonly deliveries: { readonly pending: number; readonly failed: number }
  /** Counts the changes; what `If-Match` compares. */
  readonly version: number
  readonly created_at: string
  readonly created_by: string
  readonly updated_at: string
  readonly deleted: { readonly at: string; readonly by: string } | null
}

/** An endpoint and its own secret, which is shown this once. */
export interface WebhookEndpointWithSecret {
  readonly endpoint: WebhookEndpointView
  /** `whsec_…`. Null where the request was repeated and its first answer, with the secret, was lost on the way. */
  readonly secret: string | null
  readonly secret_note?: string
}

/** What a new endpoint is to be. */
export interface CreateWebhookEndpointRequest {
  readonly url: string
  /** `["*"]` unless it is told: every event but those that must be named. */
  readonly events?: readonly string[] | undefined
  readonly description?: string | undefined
  /** `["standard", "retell", "body"]` unless it is told. */
  readonly signatures?: readonly WebhookScheme[] | undefined
  /** Header fields that every request to it carries; at most 20. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** 1 to 1000 requests a second; null, the default, for no limit. */
  readonly rate_limit?: number | null | undefined
  /** 1 to 64 requests at a time; 8 unless it is told. */
  readonly concurrency?: number | undefined
  readonly ordered?: boolean | undefined
  readonly require_handshake?: boolean | undefined
}

/** What to change of an endpoint. Absent members stay as they are; headers and events are replaced as a whole. */
export interface UpdateWebhookEndpointRequest extends Omit<CreateWebhookEndpointRequest, 'url'> {
  readonly url?: string | undefined
  readonly enabled?: boolean | undefined
}

/** Which endpoints or relays to list: those that are there, unless the deleted ones are wanted too. */
export interface WebhookListFilter {
  readonly deleted?: boolean | undefined
}

/** What came of a handshake; the reason is null where it succeeded. */
export interface WebhookHandshakeView {
  readonly ok: boolean
  readonly reason: string | null
  readonly endpoint: WebhookEndpointView
}

/** What to send again: what failed, or what an endpoint missed or failed to take since a time (RFC 3339). */
export type ResendRequest = { readonly failed: true } | { readonly since: string }

/** Where a delivery is. */
export type WebhookDeliveryState = 'pending' | 'delivered' | 'failed'

/** Which deliveries to list. */
export interface WebhookDeliveryFilter {
  readonly state?: WebhookDeliveryState | undefined
}

/** An event on its way to an endpoint. Times are RFC 3339. */
export interface WebhookDeliveryView {
  readonly endpoint_id: string
  readonly event_id: string
  readonly type: string
  readonly subject: string | null
  readonly state: WebhookDeliveryState
  readonly attempts: number
  readonly created_at: string
  /** Null unless it is pending. */
  readonly next_attempt_at: string | null
  readonly finished_at: string | null
}

/** One attempt at a delivery. */
export interface WebhookAttemptView {
  /** From 1. */
  readonly number: number
  readonly at: string
  readonly duration_ms: number
  /** The status of the answer; null where none came. */
  readonly status: number | null
  /** Why no answer came; null for an answer. */
  readonly error: string | null
  /** The beginning of the answer. */
  readonly response: string
  /** The id of the secret in the headers that have room for one signature; null where there are none. */
  readonly signed_with: string | null
}

/** A delivery with what is sent and every attempt. */
export interface WebhookDeliveryDetail extends WebhookDeliveryView {
  readonly content_type: string
  /** What is sent, byte for byte. */
  readonly body: string
  /** The newest attempt first. */
  readonly log: WebhookAttemptView[]
}

/** An address of the gateway that takes an upstream's own webhooks and passes them on. */
export interface WebhookRelayView {
  readonly id: string
  readonly name: string
  /** How the upstream signs. */
  readonly scheme: 'retell' | 'standard'
  /** Its path at the gateway. */
  readonly path: string
  readonly created_at: string
  readonly created_by: string
  readonly deleted: { readonly at: string; readonly by: string } | null
}

/** What a new relay is to be. */
export interface CreateWebhookRelayRequest {
  readonly name: string
  readonly scheme: 'retell' | 'standard'
  /** What the upstream signs with: an API key of Retell, or a secret `whsec_…`. Never shown again. */
  readonly key: string
}

/** Something that happened. */
export interface EventView {
  readonly id: string
  readonly type: string
  /** What it is about; null where nothing else can be about the same. */
  readonly subject: string | null
  /** `bitting`, `posted`, or the id of a relay. */
  readonly source: string
  readonly created_at: string
}

/** An event with what is sent, and where it goes. */
export interface EventDetail extends EventView {
  readonly content_type: string
  /** What is sent, byte for byte. */
  readonly body: string
  readonly deliveries: {
    readonly endpoint_id: string
    readonly state: WebhookDeliveryState
    readonly attempts: number
  }[]
}

/** Which events to list. */
export interface EventFilter {
  readonly type?: string | undefined
}

/** An event to post. */
export interface PublishEventRequest {
  /** Words separated by dots, `invoice.paid` for example; those that begin as Bitting's own are refused. */
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
  /** What it is about: an endpoint that asks for order gets the events of one subject in order. */
  readonly subject?: string | undefined
}
