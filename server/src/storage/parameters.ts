import { types } from 'node:util'

/** What a statement's parameter may be: the values that both engines keep alike. */
export type Parameter = string | number | null | Uint8Array

/**
 * Refuses what the engines would bind in different ways or not as it was meant: booleans (write 0 or 1), undefined
 * (write null), numbers that are not whole or not exact, and text with a NUL, at which one driver cuts it off.
 *
 * @throws {TypeError} that tells the position and the type, never the value
 */
export function assertParameters(values: readonly unknown[]): asserts values is readonly Parameter[] {
  values.forEach((value, index) => {
    const fault = faultOf(value)
    if (fault !== null) throw new TypeError(`parameter ${String(index + 1)} of the statement is ${fault}`)
  })
}

function faultOf(value: unknown): string | null {
  if (typeof value === 'string') return value.includes('\0') ? 'a text with a NUL character' : null
  if (typeof value === 'number') return Number.isSafeInteger(value) ? null : 'not a whole number below 2^53'
  if (value === null || types.isUint8Array(value)) return null
  if (typeof value === 'boolean') return 'a boolean: bind 0 or 1'
  if (value === undefined) return 'undefined: bind null'
  return `of type ${typeof value}, which no column keeps`
}
