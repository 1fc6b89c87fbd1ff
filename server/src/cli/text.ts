const WIDE = new RegExp(
  '\\p{Extended_Pictographic}|[\\u1100-\\u115F\\u2E80-\\uA4CF\\uAC00-\\uD7A3\\uF900-\\uFAFF\\uFE30-\\uFE6F' +
    '\\uFF00-\\uFF60\\uFFE0-\\uFFE6]|[\\u{20000}-\\u{3FFFD}]',
  'u',
)
// Control characters, and the format characters that reorder text, so that a name can be read as another.
const UNPRINTABLE = /[\p{Cc}\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu
const graphemes = new Intl.Segmenter()

/** Text from outside as a terminal may see it: what could move the cursor or turn text around is spelt out. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
    return `<U+${code}>`
  })
}

/** How many columns of a terminal a text takes. */
export function textWidth(text: string): number {
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1
  return width
}

/** A text in lines of at most a width, broken at spaces; its own line breaks stay. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = []
    let line = ''
    for (const word of paragraph.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`
      if (line !== '' && textWidth(longer) > width) {
        lines.push(line)
        line = word
      } else {
        line = longer
      }
    }
    return [...lines, line]
  })
}

/** A number of things: `1 key`, `2 keys`, `1,204 requests`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? singular : plural}`
}

/**
 * A sentence, and what follows it, in the manner of the command line. Answers of the API say first what is wrong and
 * then what to do.
 */
export function splitAdvice(text: string): { readonly message: string; readonly hint: string | null } {
  const [, first = text, rest = ''] = /^(.+?[.!?])\s+(?=\p{Lu})(.+)$/su.exec(text) ?? []
  return { message: lowerFirst(first), hint: rest === '' ? null : lowerFirst(rest) }
}

/** A sentence without capital and period. A word with more capitals or a hyphen is a name and stays. */
function lowerFirst(sentence: string): string {
  const [word = ''] = sentence.split(' ', 1)
  const isName = /\p{Lu}/u.test(word.slice(1)) || word.includes('-') || word === 'I'
  const lowered = isName ? sentence : sentence.charAt(0).toLowerCase() + sentence.slice(1)
  return lowered.trimEnd().replace(/\.$/, '')
}

/** An argument as a shell takes it. */
export function shellQuote(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`
}
