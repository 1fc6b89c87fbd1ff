const WORDS = /[\p{L}\p{N}]+/gu
const ASCII = /^[\0-\x7f]*$/
const WORD_LENGTH_MAX = 64
const WORDS_MAX = 256

/** The distinct words of a text in lower case, as they are indexed and as they are looked for. */
export function wordsIn(text: string): string[] {
  const lower = text.toLowerCase()
  const parts = ASCII.test(lower) ? lower.split(/[^a-z0-9]+/) : (lower.match(WORDS) ?? [])
  const words = new Set<string>()
  for (const part of parts) {
    if (part !== '' && part.length <= WORD_LENGTH_MAX && words.size < WORDS_MAX) words.add(part)
  }
  return [...words]
}

/** The words of all texts and numbers in some values, members of objects included but not their names. */
export function wordsOf(values: readonly unknown[]): string {
  return wordsIn(textsIn(values)).join(' ')
}

function textsIn(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null) return ''
  let texts = ''
  for (const it of Array.isArray(value) ? (value as unknown[]) : Object.values(value))
    texts += `${textsIn(it)} `
  return texts
}
