/** Something with a name, that a filter can be set to. */
export interface Suggestion {
  readonly id: string
  readonly name: string
  /** What tells it from others of its name: an e-mail address. */
  readonly detail?: string | undefined
}

/** A suggestion as it is offered. */
export interface Offered {
  readonly id: string
  readonly shown: string
  readonly detail: string
}

/** The suggestions as they are offered: where a name is that of several, each has what tells it from the others. */
export function offered(suggestions: readonly Suggestion[]): Offered[] {
  const counts = new Map<string, number>()
  for (const { name } of suggestions) counts.set(name, (counts.get(name) ?? 0) + 1)
  return suggestions.map(({ id, name, detail = id }) => ({
    id,
    shown: counts.get(name) === 1 ? name : `${name} (${detail})`,
    detail,
  }))
}

/** What is shown of an id: the name that it stands for, else the id. */
export function shownFor(id: string, suggestions: readonly Suggestion[]): string {
  return offered(suggestions).find((suggestion) => suggestion.id === id)?.shown ?? id
}

/**
 * The id that a typed text means: that of the name, where it is one, or begins or is in one alone. A text that is in no
 * name is an id itself; null where it is in several, of which none is meant yet.
 */
export function resolveTyped(typed: string, suggestions: readonly Suggestion[]): string | null {
  const text = typed.trim()
  const wanted = text.toLowerCase()
  if (text === '' || suggestions.some(({ id }) => id === text)) return text
  const all = offered(suggestions).map(({ id, shown, detail }) => ({
    id,
    texts: [shown.toLowerCase(), detail.toLowerCase()],
  }))
  for (const fits of [
    (it: string) => it === wanted,
    (it: string) => it.startsWith(wanted),
    (it: string) => it.includes(wanted),
  ]) {
    const found = all.filter(({ texts }) => texts.some(fits))
    if (found.length > 0) return found.length === 1 ? (found[0]?.id ?? null) : null
  }
  return text
}
