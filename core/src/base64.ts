const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUES = new Uint8Array(128).fill(255)
for (let value = 0; value < 64; value++) VALUES[ALPHABET.charCodeAt(value)] = value

const FORM = /^[A-Za-z0-9+/]*={0,2}$/

/** Bytes as base64 with the standard alphabet and padding (RFC 4648, section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const rest = bytes.length - at
    const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    text += ALPHABET.charAt(word >>> 18) + ALPHABET.charAt((word >>> 12) & 63)
    text += rest > 1 ? ALPHABET.charAt((word >>> 6) & 63) : '='
    text += rest > 2 ? ALPHABET.charAt(word & 63) : '='
  }
  return text
}

/**
 * The bytes of a base64 text, null where it is not the one spelling that {@link encodeBase64} gives: padding is
 * required, and the unused bits before it are zero.
 */
export function decodeBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0 || !FORM.test(text)) return null
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  for (let at = 0, to = 0; at < text.length; at += 4, to += 3) {
    const word =
      (sextet(text, at) << 18) |
      (sextet(text, at + 1) << 12) |
      (sextet(text, at + 2) << 6) |
      sextet(text, at + 3)
    const last = at + 4 === text.length ? padding : 0
    if ((word & ((1 << (8 * last)) - 1)) !== 0) return null
    bytes[to] = word >>> 16
    if (last < 2) bytes[to + 1] = (word >>> 8) & 255
    if (last < 1) bytes[to + 2] = word & 255
  }
  return bytes
}

function sextet(text: string, index: number): number {
  const value = VALUES[text.charCodeAt(index)] ?? 0
  return value === 255 ? 0 : value
}
