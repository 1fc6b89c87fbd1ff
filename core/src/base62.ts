/** The 62 digits in the order of their values: 0 to 9, then A to Z, then a to z. */
export const BASE62_ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The value of a base62 digit by its character code, 255 where the character is no digit. */
export const BASE62_VALUES: Uint8Array = new Uint8Array(128).fill(255)
for (let value = 0; value < 62; value++) BASE62_VALUES[BASE62_ALPHABET.charCodeAt(value)] = value

/** Fills a buffer with random bytes, as `crypto.getRandomValues` does. Passed in because this package owns no globals. */
export type RandomBytes = (length: number) => Uint8Array

/**
 * A string of uniformly distributed base62 digits. Bytes of 248 and above are drawn again, because 256 is not a
 * multiple of 62 and a plain remainder would favour the first eight digits.
 */
export function randomBase62(length: number, randomBytes: RandomBytes): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length + 8)) {
      if (byte < 248 && text.length < length) text += BASE62_ALPHABET.charAt(byte % 62)
    }
  }
  return text
}

/** A whole number as base62 of a fixed width, zero-padded on the left. */
export function encodeBase62(value: number, width: number): string {
  let text = ''
  for (let rest = value; text.length < width; rest = Math.floor(rest / 62)) {
    text = BASE62_ALPHABET.charAt(rest % 62) + text
  }
  return text
}
