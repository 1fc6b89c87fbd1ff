import type { Flag, JsonText } from './schema.js'

/** A workspace's webhooks: which key signs them, and the number of its newest event. A workspace without a row has none. */
export interface WebhookWorkspaceRow {
  workspace_id: string
  /** The webhook key; null while delivery is off. */
  key_id: string | null
  /** The webhook key before, whose secrets sign too until the overlap ends. */
  previous_key_id: string | null
  /** In whole seconds since 1970 UTC. */
  overlap_until: number | null
  set_at: number | null
  set_by: string | null
  version: number
  last_sequence: number
}

/** Where webhooks go. Times are whole seconds since 1970 UTC where their names do not say otherwise. */
export interface WebhookEndpointRow {
  id: string
  workspace_id: string
  url: string
  description: string
  /** Types and patterns of the events that it wants, as JSON. */
  events: JsonText
  /** The signing schemes of its deliveries, as JSON. */
  schemes: JsonText
  sealed_headers: Uint8Array | null
  /** Requests a second; null for no limit. */
  rate_limit: number | null
  /** Requests at a time. */
  concurrency: number
  /** Whether the events of one subject wait for one another. */
  ordered: Flag
  handshake_required: Flag
  handshake_at: number | null
  /** The number of its newest secret, from 0. */
  generation: number
  /** Null once the endpoint is deleted. */
  sealed_secret: Uint8Array | null
  sealed_retiring_secret: Uint8Array | null
  secret_retires_at: number | null
  /** The webhook key's secret that the endpoint is known to verify with; it matters during an overlap. */
  switched_to: string | null
  /** Since when every attempt has failed, in milliseconds since 1970 UTC. */
  failing_since_ms: number | null
  /** What the last probe found, as JSON. */
  probe: JsonText | null
  version: number
  created_at: number
  created_by: string
  updated_at: number
  disabled_at: number | null
  disabled_by: string | null
  disable_reason: 'manual' | 'gone' | 'failing' | null
  deleted_at: number | null
  deleted_by: string | null
}

/** An address of the gateway that takes an upstream's own webhooks. */
export interface WebhookRelayRow {
  id: string
  workspace_id: string
  name: string
  scheme: 'retell' | 'standard'
  /** What the upstream signs with; null once the relay is deleted. */
  sealed_key: Uint8Array | null
  created_at: number
  created_by: string
  deleted_at: number | null
  deleted_by: string | null
}

/** Something that happened, as it is delivered. */
export interface WebhookEventRow {
  workspace_id: string
  /** Its place among the workspace's events, in the order in which they became durable. */
  sequence: number
  id: string
  type: string
  /** What it is about; the unit of ordering. */
  subject: string | null
  /** `bitting`, `posted`, or the id of a relay. */
  source: string
  content_type: string
  body: string
  /** Of two events with one such key the second is not taken. */
  dedupe_key: string | null
  created_at_ms: number
}

/** An event on its way to an endpoint. Times are milliseconds since 1970 UTC. */
export interface WebhookDeliveryRow {
  endpoint_id: string
  sequence: number
  workspace_id: string
  subject: string | null
  state: 'pending' | 'delivered' | 'failed'
  /** Attempts ever made. */
  attempts: number
  /** Failures since it was last sent off, which the retry schedule counts. */
  failures: number
  next_at_ms: number
  created_at_ms: number
  finished_at_ms: number | null
}

/** One attempt at a delivery. */
export interface WebhookAttemptRow {
  endpoint_id: string
  sequence: number
  /** From 1. */
  number: number
  workspace_id: string
  /** In milliseconds since 1970 UTC. */
  at_ms: number
  duration_ms: number
  /** The status of the answer; null where none came. */
  status: number | null
  /** Why no answer came, or was not taken for one; null for an answer. */
  error: string | null
  /** The beginning of the answer, without credentials. */
  response: string
  /** The id of the secret in the headers that have room for one signature. */
  signed_with: string | null
}
