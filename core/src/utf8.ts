const LONE_SURROGATE = /\p{Surrogate}/u

/** Says whether a text has a UTF-8 form at all: half of a surrogate pair has none. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text)
}

/**
 * A text as UTF-8 (RFC 3629).
 *
 * @throws {RangeError} when the text holds half of a surrogate pair: a replacement character would let two texts share
 *   one encoding
 */
export function encodeUtf8(text: string): Uint8Array {
  if (!isWellFormed(text)) throw new RangeError('a text with half of a surrogate pair has no UTF-8 form')
  const bytes = new Uint8Array(text.length * 3)
  let length = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (code < 0x80) {
      bytes[length++] = code
      continue
    }
    const following = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3
    bytes[length++] = (0xff00 >> (following + 1)) | (code >> (6 * following))
    for (let left = following - 1; left >= 0; left--) bytes[length++] = 0x80 | ((code >> (6 * left)) & 0x3f)
  }
  return bytes.slice(0, length)
}
