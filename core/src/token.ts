import { assert } from './assert.js'
import { encodeBase62, randomBase62, type RandomBytes } from './base62.js'
import { crc32 } from './crc32.js'
import type { Environment } from './environment.js'

/** What a key is for: calling the protected API, or managing Bitting itself. */
export type KeyKind = 'api' | 'management'

/** The brand of this project's tokens, and the default of an installation. */
export const DEFAULT_BRAND = 'btg'

/** Characters of the key's part of a secret id; the rest counts the key's secrets. */
export const KEY_ID_LENGTH = 13
/** Characters of a secret id: public, shown in lists and logs. */
export const SECRET_ID_LENGTH = 16
const SECRET_LENGTH = 43
const CHECKSUM_LENGTH = 6
const BODY_LENGTH = SECRET_ID_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH

/** The longest credential that is looked at at all, in characters. */
export const TOKEN_LENGTH_MAX = 256

const TAG_OF_ENVIRONMENT = { development: 'dev', staging: 'staging', production: 'live' } as const
const ENVIRONMENT_OF_TAG: ReadonlyMap<string, Environment> = new Map([
  ['dev', 'development'],
  ['staging', 'staging'],
  ['live', 'production'],
])

const BRAND = /^[a-z][a-z0-9]{1,8}$/
const BODY = /^[0-9A-Za-z]+$/
const PREFIX = /^([a-z][a-z0-9]{1,9})_(dev|staging|live)_$/

/** A token taken apart. `secret` is confidential; everything else may be shown. */
export interface Token {
  /** What stands before the first underscore: the brand, and for management keys an `m` after it. */
  readonly brand: string
  readonly environment: Environment
  readonly secretId: string
  readonly secret: string
}

/** Says whether an installation may use this brand: 2 to 9 lower-case letters and digits, beginning with a letter. */
export function isBrand(text: string): boolean {
  return BRAND.test(text)
}

/** The public beginning of a token, `btg_live_` for example. */
export function tokenPrefix(brand: string, kind: KeyKind, environment: Environment): string {
  return `${brand}${kind === 'management' ? 'm' : ''}_${TAG_OF_ENVIRONMENT[environment]}_`
}

/** The id of a key's secret: the key's own 13 characters and the number of the secret, so a token names its key. */
export function secretIdOf(keyId: string, generation: number): string {
  assert(keyId.startsWith('key_') && keyId.length === 4 + KEY_ID_LENGTH, 'key id has its form')
  assert(generation >= 0 && generation < 62 ** 3, 'a key has at most 238,328 secrets')
  return keyId.slice(4) + encodeBase62(generation, SECRET_ID_LENGTH - KEY_ID_LENGTH)
}

/** The key that a secret belongs to. */
export function keyIdOf(secretId: string): string {
  return `key_${secretId.slice(0, KEY_ID_LENGTH)}`
}

/** A new key id: `key_` and 13 random base62 characters. */
export function newKeyId(randomBytes: RandomBytes): string {
  return `key_${randomBase62(KEY_ID_LENGTH, randomBytes)}`
}

/** A new token for a secret id, with 256 random bits. */
export function newToken(prefix: string, secretId: string, randomBytes: RandomBytes): string {
  return assembleToken(prefix, secretId, randomBase62(SECRET_LENGTH, randomBytes))
}

/** The text of a token: prefix, secret id, secret, and the CRC-32 of all of that in base62. */
export function formatToken(token: Token): string {
  return assembleToken(
    `${token.brand}_${TAG_OF_ENVIRONMENT[token.environment]}_`,
    token.secretId,
    token.secret,
  )
}

function assembleToken(prefix: string, secretId: string, secret: string): string {
  const text = prefix + secretId + secret
  return text + encodeBase62(crc32(text), CHECKSUM_LENGTH)
}

/**
 * Takes a token apart, or returns null where the text is not a token of this form with a right checksum.
 * Strict: whatever parses is formatted back to the same characters, so a token has one spelling.
 */
export function parseToken(text: string): Token | null {
  const start = secretIdStart(text)
  if (start < 0 || !BODY.test(text.slice(start))) return null
  const match = PREFIX.exec(text.slice(0, start))
  const environment = match?.[2] === undefined ? undefined : ENVIRONMENT_OF_TAG.get(match[2])
  if (match?.[1] === undefined || environment === undefined || !checksumHolds(text)) return null
  const secret = text.slice(start + SECRET_ID_LENGTH, text.length - CHECKSUM_LENGTH)
  return { brand: match[1], environment, secretId: text.slice(start, start + SECRET_ID_LENGTH), secret }
}

/**
 * Where the secret id begins in a text as long as a token, -1 where the text is too short or too long. All that
 * verification needs of a token's form: a wrong character or checksum has no matching digest anyway.
 */
export function secretIdStart(text: string): number {
  const start = text.length - BODY_LENGTH
  return start >= 4 && text.length <= TOKEN_LENGTH_MAX ? start : -1
}

/** Says whether the last six characters are the CRC-32 of those before them. */
export function checksumHolds(text: string): boolean {
  const length = text.length - CHECKSUM_LENGTH
  return length > 0 && text.endsWith(encodeBase62(crc32(text, length), CHECKSUM_LENGTH))
}
