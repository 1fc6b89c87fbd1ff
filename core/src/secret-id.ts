import { assert } from './assert.js'
import { BASE62_ALPHABET, BASE62_VALUES } from './base62.js'
import { SECRET_ID_LENGTH } from './token.js'

/** A secret id in 96 bits: sixteen base62 digits of six bits each. */
export type SecretIdWords = readonly [number, number, number]

/** Packs a secret id: five digits to a word, the sixteenth spread over the two highest bits of the three. */
export function packSecretId(text: string): SecretIdWords {
  assert(text.length === SECRET_ID_LENGTH, 'a secret id has its length')
  const last = digitAt(text, 15)
  return [
    fiveDigits(text, 0) | ((last >>> 4) << 30),
    fiveDigits(text, 5) | (((last >>> 2) & 3) << 30),
    fiveDigits(text, 10) | ((last & 3) << 30),
  ]
}

function fiveDigits(text: string, start: number): number {
  let word = 0
  for (let index = start; index < start + 5; index++) word = (word << 6) | digitAt(text, index)
  return word
}

function digitAt(text: string, index: number): number {
  const value = BASE62_VALUES[text.charCodeAt(index)] ?? 255
  assert(value < 62, 'a secret id is base62')
  return value
}

/** The text of a packed secret id. */
export function unpackSecretId(...words: SecretIdWords): string {
  let text = ''
  for (const word of words) {
    for (let shift = 24; shift >= 0; shift -= 6) text += BASE62_ALPHABET.charAt((word >>> shift) & 63)
  }
  const last = ((words[0] >>> 30) << 4) | ((words[1] >>> 30) << 2) | (words[2] >>> 30)
  return text + BASE62_ALPHABET.charAt(last)
}

/**
 * A hash of the last eight characters of a secret id: five random ones of the key and the number of the secret. Ids
 * are random, so this only has to spread them: four characters a word, then a round of MurmurHash3's finaliser.
 */
export function hashSecretId(text: string, start: number): number {
  const hash =
    Math.imul(fourCharacters(text, start + 8), 0x85ebca6b) ^
    Math.imul(fourCharacters(text, start + 12), 0xc2b2ae35)
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x27d4eb2f)
  return mixed ^ (mixed >>> 13)
}

function fourCharacters(text: string, start: number): number {
  return (
    text.charCodeAt(start) |
    (text.charCodeAt(start + 1) << 8) |
    (text.charCodeAt(start + 2) << 16) |
    (text.charCodeAt(start + 3) << 24)
  )
}
