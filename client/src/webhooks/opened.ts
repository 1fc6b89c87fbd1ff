import type { WebhookFlaw, WebhookScheme } from '@bitting/core'

/**
 * Headers of a delivery: those of Fetch, of Node's `request.headers`, or a plain object with names in any letter case.
 * A header that is there twice is malformed.
 */
export type WebhookHeaders =
  { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>

/** What a receiver may set; all of it has a default. */
export interface OpenWebhookOptions {
  /** How far the time of a signature may be from the receiver's clock, both ways and inclusive. Default 300 s. */
  readonly toleranceSeconds?: number | undefined
  /**
   * The schemes to accept: `standard`, `retell` and `ed25519` unless it is told. `body` must be asked for by name: a
   * delivery that is signed with it can be replayed for ever. A receiver that relies on the id of a delivery accepts
   * `standard` and `ed25519` alone, since the other two do not sign it.
   */
  readonly schemes?: readonly WebhookScheme[] | undefined
  /** The receiver's clock, Unix milliseconds. Default `Date.now()`. */
  readonly nowMilliseconds?: number | undefined
}

/** A delivery whose signatures hold. */
export interface AcceptedWebhook {
  readonly outcome: 'accepted'
  /** The id that the sender gave the delivery, the same on every attempt. Null where no accepted scheme signs it. */
  readonly id: string | null
  /**
   * What the delivery is known by, one for each scheme that it was verified under. It was handled before when any of
   * them was: a replay may leave out some headers, and an attempt that is made again is signed anew.
   */
  readonly identities: readonly string[]
  /** The body read as JSON; undefined where it is none. */
  readonly event: unknown
}

/** Why a delivery is not to be believed. `mismatch`: a signature is of its form and none of the keys made it. */
export type WebhookRefusal = WebhookFlaw | 'mismatch'

/** A delivery whose signatures do not hold. The reason is for the receiver's log, not for the sender. */
export interface RefusedWebhook {
  readonly outcome: 'refused'
  readonly reason: WebhookRefusal
}

/** What became of a delivery's signatures. */
export type OpenedWebhook = AcceptedWebhook | RefusedWebhook
