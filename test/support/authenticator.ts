import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import type { TestBrowser } from './people.js'
import type { ApiAnswer } from './server.js'

/** What an answer is to be other than what a good browser and authenticator give. */
export interface Tweaks {
  readonly origin?: string
  readonly rpId?: string
  readonly challenge?: string
  readonly type?: string
  readonly userVerified?: boolean
  readonly userPresent?: boolean
  readonly counter?: number
  readonly userHandle?: string | null
  /** Changes the signature, or what was made, after the fact. */
  readonly spoilt?: boolean
}

const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04
const BACKUP_ELIGIBLE = 0x08
const BACKED_UP = 0x10
const HAS_CREDENTIAL = 0x40

/** An authenticator with one discoverable ES256 passkey, and the browser around it (Web Authentication Level 3). */
export class SoftAuthenticator {
  readonly #origin: string
  readonly #id = randomBytes(32)
  readonly #publicKey: KeyObject
  readonly #privateKey: KeyObject
  #userHandle: string | null = null
  /** The counter of the last signature; stays 0 for a passkey that is kept in many places. */
  counter: number

  /** @param origin the page that the browser shows */
  constructor(origin: string, { counter = 1 }: { counter?: number } = {}) {
    this.#origin = origin
    this.counter = counter
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#publicKey = publicKey
    this.#privateKey = privateKey
  }

  /** The passkey's id, as answers show it. */
  get id(): string {
    return this.#id.toString('base64url')
  }

  /** What `navigator.credentials.create()` gives, as JSON. */
  create(options: ApiAnswer['body'], tweaks: Tweaks = {}): Record<string, unknown> {
    this.#userHandle = options.user.id as string
    const { x = '', y = '' } = this.#publicKey.export({ format: 'jwk' })
    const point = [x, y].map((it) => bytes(Buffer.from(it, 'base64url')))
    // {1: 2, 3: -7, -1: 1, -2: x, -3: y} of COSE (RFC 9053 Section 7.1.1).
    const key = Buffer.concat([Buffer.from('a5010203262001', 'hex'), b(0x21), point[0]!, b(0x22), point[1]!])
    const length = Buffer.alloc(2)
    length.writeUInt16BE(this.#id.length)
    const credential = Buffer.concat([Buffer.alloc(16), length, this.#id, key])
    const authData = this.#authenticatorData(options.rp.id, HAS_CREDENTIAL, tweaks, credential)
    const attestation = Buffer.concat([
      b(0xa3),
      ...[text('fmt'), text(tweaks.spoilt === true ? 'apple' : 'none'), text('attStmt'), b(0xa0)],
      ...[text('authData'), bytes(authData)],
    ])
    return this.#credential({
      clientDataJSON: this.#clientData('webauthn.create', options.challenge, tweaks).toString('base64url'),
      attestationObject: attestation.toString('base64url'),
      transports: ['internal', 'hybrid'],
    })
  }

  /** What `navigator.credentials.get()` gives, as JSON. */
  get(options: ApiAnswer['body'], tweaks: Tweaks = {}): Record<string, unknown> {
    if (this.counter > 0) this.counter++
    const clientData = this.#clientData('webauthn.get', options.challenge, tweaks)
    const authData = this.#authenticatorData(options.rpId, 0, tweaks)
    const signature = sign('sha256', Buffer.concat([authData, sha256(clientData)]), this.#privateKey)
    if (tweaks.spoilt === true) signature[signature.length - 1]! ^= 1
    const { userHandle = this.#userHandle } = tweaks
    return this.#credential({
      clientDataJSON: clientData.toString('base64url'),
      authenticatorData: authData.toString('base64url'),
      signature: signature.toString('base64url'),
      ...(userHandle !== null && { userHandle }),
    })
  }

  #credential(response: Record<string, unknown>): Record<string, unknown> {
    return { id: this.id, rawId: this.id, type: 'public-key', response, clientExtensionResults: {} }
  }

  #clientData(type: string, challenge: string, tweaks: Tweaks): Buffer {
    return Buffer.from(
      JSON.stringify({ type, challenge, origin: this.#origin, crossOrigin: false, ...pick(tweaks) }),
    )
  }

  #authenticatorData(rpId: string, flags: number, tweaks: Tweaks, credential = Buffer.alloc(0)): Buffer {
    const { userVerified = true, userPresent = true, counter = this.counter } = tweaks
    const all =
      flags |
      (userPresent ? USER_PRESENT : 0) |
      (userVerified ? USER_VERIFIED : 0) |
      (this.counter === 0 ? BACKUP_ELIGIBLE | BACKED_UP : 0)
    const count = Buffer.alloc(4)
    count.writeUInt32BE(counter)
    return Buffer.concat([sha256(Buffer.from(tweaks.rpId ?? rpId)), b(all), count, credential])
  }
}

/** Has the browser's person add a passkey; the answer of the last step. */
export async function addPasskey(
  browser: TestBrowser,
  authenticator: SoftAuthenticator,
  name = 'My laptop',
  tweaks: Tweaks = {},
): Promise<ApiAnswer> {
  const begun = await browser.call('POST', '/v1/account/passkeys/options', {})
  if (begun.status !== 200) return begun
  const response = authenticator.create(begun.body.options, tweaks)
  return browser.call('POST', '/v1/account/passkeys', { name, response })
}

/** Has somebody at the browser sign in with a passkey, or prove once more who they are; the answer of the last step. */
export async function usePasskey(
  browser: TestBrowser,
  authenticator: SoftAuthenticator,
  tweaks: Tweaks = {},
  path: '/v1/auth/passkey' | '/v1/auth/step-up/passkey' = '/v1/auth/passkey',
): Promise<ApiAnswer> {
  const begun = await browser.call('POST', `${path}/options`, {})
  if (begun.status !== 200) return begun
  return browser.call('POST', path, { response: authenticator.get(begun.body.options, tweaks) })
}

function pick({ origin, challenge, type }: Tweaks): Tweaks {
  return {
    ...(origin !== undefined && { origin }),
    ...(challenge !== undefined && { challenge }),
    ...(type !== undefined && { type }),
  }
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest()
}

function b(...values: number[]): Buffer {
  return Buffer.from(values)
}

/** A byte string of CBOR (RFC 8949 Section 3) with 24 to 255 bytes. */
function bytes(data: Buffer): Buffer {
  return Buffer.concat([b(0x58, data.length), data])
}

/** A text of CBOR, up to 23 characters. */
function text(value: string): Buffer {
  return Buffer.concat([b(0x60 | value.length), Buffer.from(value)])
}
