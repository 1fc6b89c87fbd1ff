/** Search parameters as they came: of any kind, because anybody can write an address. */
export type RawSearch = Readonly<Record<string, unknown>>

/** A text, absent where it is none or empty. Numbers that somebody meant as a text come as numbers. */
export function textParameter(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && text !== '' ? text : undefined
}

/** One of some words, absent where it is none of them. */
export function choiceParameter<T extends string>(value: unknown, choices: readonly T[]): T | undefined {
  return choices.find((choice) => choice === value)
}
