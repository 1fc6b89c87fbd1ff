/** The shortest upstream key that is looked for in answers: a shorter one might be a word of the answer. */
const REDACTED_KEY_LENGTH_MIN = 8

/** How much of a key at the end of a chunk is held back; less than this is too common in ordinary text. */
const HELD_LENGTH_MIN = 8
const MASK = 0x2a

/** Says whether a text repeats the upstream's key. */
export function tellsKey(text: string, key: string | null): boolean {
  return (
    key !== null && key.length >= REDACTED_KEY_LENGTH_MIN && text.length >= key.length && text.includes(key)
  )
}

/** A whole body with the upstream's key masked; the mask is as long as the key. The body given stays as it is. */
export function maskKey(body: Buffer, key: string): Buffer {
  if (key.length < REDACTED_KEY_LENGTH_MIN) return body
  let masked = body
  for (let at = body.indexOf(key, 0, 'latin1'); at >= 0; at = body.indexOf(key, at + key.length, 'latin1')) {
    if (masked === body) masked = Buffer.from(body)
    masked.fill(MASK, at, at + key.length)
  }
  return masked
}

/**
 * Masks the upstream's key in a streamed body, for an upstream that repeats what it was sent would otherwise hand the
 * all-powerful key to the holder of a narrow one. The mask is as long as the key, so the length stays right. A key in
 * two chunks is masked too, but for at most its first seven characters; one that is compressed or encoded is not seen.
 */
export class KeyRedactor {
  readonly #key: string
  /** How many characters of the key the body so far ends with. */
  #matched = 0
  /** How many of those were passed on; the others are held back. */
  #passed = 0

  constructor(key: string) {
    this.#key = key
  }

  /** The next part of the body as it may be passed on, which can be empty. */
  push(chunk: Buffer): Buffer {
    const key = this.#key
    if (key.length < REDACTED_KEY_LENGTH_MIN) return chunk
    const body = maskKey(this.#matched === 0 ? chunk : Buffer.concat([this.#beginning(0), chunk]), key)
    const passed = this.#passed
    const tail = tailLength(body, key)
    const tailStart = body.length - tail
    const end = tail < HELD_LENGTH_MIN ? body.length : Math.max(tailStart, passed)
    this.#matched = tail
    this.#passed = end - tailStart
    return body.subarray(passed, end)
  }

  /** What is still held back when the body has ended, which can be empty. */
  finish(): Buffer {
    return this.#beginning(this.#passed)
  }

  #beginning(from: number): Buffer {
    return Buffer.from(this.#key.slice(from, this.#matched), 'latin1')
  }
}

/** The length of the longest true beginning of a key that a body ends with. */
function tailLength(body: Buffer, key: string): number {
  const first = key.charCodeAt(0)
  for (let at = Math.max(0, body.length - key.length + 1); at < body.length; at++) {
    if (body[at] === first && isTail(body, at, key)) return body.length - at
  }
  return 0
}

function isTail(body: Buffer, start: number, key: string): boolean {
  for (let at = start; at < body.length; at++) {
    if (body[at] !== key.charCodeAt(at - start)) return false
  }
  return true
}
