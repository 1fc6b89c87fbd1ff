import { ADDRESSES_MAX, parseAddress, parseAddressRange } from '@bitting/core'

/** Allowed addresses as they were typed, and what is wrong with them. */
export interface AddressLines {
  /** Null where nothing was typed, which is anywhere. */
  readonly ranges: string[] | null
  /** One sentence a flaw, with its line. */
  readonly flaws: string[]
}

/** Reads addresses and ranges, one on each line or several with commas between them. */
export function readAddressLines(text: string): AddressLines {
  const flaws: string[] = []
  const ranges = new Set<string>()
  for (const [index, line] of text.split('\n').entries()) {
    for (const word of line.split(',').map((part) => part.trim())) {
      if (word === '') continue
      const flaw = addressFlaw(word)
      if (flaw === null) ranges.add(word)
      else flaws.push(`Line ${String(index + 1)}: “${shorten(word)}” ${flaw}`)
    }
  }
  if (ranges.size > ADDRESSES_MAX) {
    flaws.push(`These are ${String(ranges.size)} addresses; a key can have ${String(ADDRESSES_MAX)}.`)
  }
  return { ranges: ranges.size === 0 ? null : [...ranges], flaws }
}

/** What is wrong with an address or range, and what to write; null where nothing is. */
function addressFlaw(text: string): string | null {
  if (parseAddressRange(text) !== null) return null
  const [address = '', length, ...rest] = text.split('/')
  if (parseAddress(address) === null || rest.length > 0) {
    return 'is no address. Write 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32 for example.'
  }
  const longest = address.includes(':') ? 128 : 32
  if (length === undefined || !/^\d+$/.test(length) || Number(length) > longest) {
    return `needs a number from 0 to ${String(longest)} after the slash.`
  }
  return `has bits set after the first ${length}: write the first address of the range, or the address without “/${length}”.`
}

function shorten(word: string): string {
  return word.length > 50 ? `${word.slice(0, 50)}…` : word
}
