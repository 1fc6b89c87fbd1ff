import { randomBytes } from 'node:crypto'
import { parseAddressRange, signWebhook, type WebhookSigners } from '@bitting/core'
import { AddressGuard, type AddressRefusal } from './address-guard.js'
import { deliveryHeaders, type Send } from './attempt.js'
import { literalRefusal, parseEndpointUrl, portOf } from './endpoint-url.js'
import { handshake, type Handshake } from './handshake.js'
import { probeEndpoint, type ProbeReport } from './probe.js'
import { createLookup } from './resolve-host.js'
import { WebhookSender, type WebhookSenderOptions } from './sender.js'
import { hmacSigner } from './signing-keys.js'
import { signersOf, type Target } from './targets.js'

/** How receivers are reached. */
export interface ReceiversOptions extends Omit<WebhookSenderOptions, 'guard'> {
  /** CIDR ranges beyond the public internet that webhooks may reach. */
  readonly allowedAddresses: readonly string[]
  /** The host under which deliveries are sent, as receivers are told it. */
  readonly origin: string
}

/** Of five requests in turn the last has ended before whoever asked gives up. */
const PROMPT_MILLISECONDS = 5_000

/** Any address of the public internet will do to ask what is allowed there. */
const PUBLIC_ADDRESS = '1.1.1.1'

const REFUSALS = {
  address_not_public:
    'leads to an address that is not on the public internet; the operator can allow it with BITTING_WEBHOOK_ALLOWED_ADDRESSES',
  port_not_allowed: 'names a port that webhooks may not reach; use 443 or 8443',
  not_https: 'must begin with https://',
} as const

/** The receivers of webhooks: what may be one, and how they are spoken to. */
export class Receivers {
  readonly #guard: AddressGuard
  readonly #isPublicOnly: boolean
  readonly #sender: WebhookSender
  /** For what somebody waits for. */
  readonly #promptSender: WebhookSender
  readonly #origin: string

  constructor({ allowedAddresses, origin, lookup = createLookup(), ...options }: ReceiversOptions) {
    this.#isPublicOnly = allowedAddresses.length === 0
    this.#guard = new AddressGuard(allowedAddresses.map(parseAddressRange).filter((it) => it !== null))
    this.#sender = new WebhookSender({ guard: this.#guard, lookup, ...options })
    this.#promptSender = new WebhookSender({
      guard: this.#guard,
      lookup,
      ...options,
      limitMilliseconds: PROMPT_MILLISECONDS,
    })
    this.#origin = origin
  }

  /** Sends one request. */
  get send(): Send {
    return (request) => this.#sender.send({ ...request, headers: this.#withOrigin(request.headers) })
  }

  /** Why a text cannot be an endpoint's address, as far as it tells, as half a sentence; null where it can. */
  refusal(text: string): string | null {
    const parsed = parseEndpointUrl(text)
    if (!parsed.ok) return parsed.message
    const { url } = parsed
    // Where nothing but the public internet is allowed, what that asks for is known before the name is resolved.
    const refusal = literalRefusal(url, this.#guard) ?? (this.#isPublicOnly ? this.#publicRefusal(url) : null)
    return refusal === null ? null : REFUSALS[refusal]
  }

  #publicRefusal(url: URL): AddressRefusal | null {
    return this.#guard.refusal(PUBLIC_ADDRESS, portOf(url), url.protocol === 'https:')
  }

  /** Asks a receiver whether it wants our requests. */
  handshake(url: URL): Promise<Handshake> {
    return handshake(this.#promptSender, url, this.#origin)
  }

  /** Finds out whether a receiver verifies what it is sent. */
  probe(target: Target, now: () => number): Promise<ProbeReport> {
    const send = (headers: Record<string, string>, body: string): ReturnType<WebhookSender['send']> =>
      this.#promptSender.send({
        url: target.url,
        headers: this.#withOrigin(deliveryHeaders(target, 'application/json', headers)),
        body,
      })
    const right = signersOf(target, target.singles[0] ?? null)
    const wrong = forgedSigners(right)
    return probeEndpoint(
      send,
      (content, isForged) => signWebhook(content, isForged ? wrong : right, target.schemes),
      now,
    )
  }

  /** CloudEvents wants the origin that a receiver allowed with every delivery (HTTP 1.1 Web Hooks, Section 4.1). */
  #withOrigin(headers: Readonly<Record<string, string>>): Record<string, string> {
    return { ...headers, 'webhook-request-origin': this.#origin }
  }

  /** Lets go of its connections. */
  async close(): Promise<void> {
    await Promise.all([this.#sender.close(), this.#promptSender.close()])
  }
}

/** Signers as many as those given, of keys that nobody knows. */
function forgedSigners({ single, several, ed25519 }: WebhookSigners): WebhookSigners {
  const forged = hmacSigner(randomBytes(32))
  return {
    single: single === null ? null : forged,
    several: several.map(() => forged),
    ed25519: ed25519.map(() => () => randomBytes(64)),
  }
}
