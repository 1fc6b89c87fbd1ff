/** What {@link EntryOrder} finds. Each names entries by their places in the log. */
export interface OrderFinding {
  readonly kind: 'missing' | 'repeated' | 'order' | 'malformed'
  readonly message: string
  readonly first: number
  readonly last: number
}

/** An entry as it came: the place that it claims, or why it cannot be read. */
type Claim<T> =
  { readonly index: number; readonly value: T } | { readonly index: null; readonly flaw: string }

const GAPS_MAX = 10_000

/**
 * Follows the places that entries claim, from one line to the next. One line is held back until the next has come: only
 * that one tells whether an entry was dropped, repeated, or stands in the place of another.
 */
export class EntryOrder<T> {
  readonly #take: (value: T | null, place: number) => void
  readonly #report: (finding: OrderFinding) => void
  readonly #gaps: { first: number; last: number }[] = []
  #next: number
  #held: Claim<T> | null = null

  /**
   * @param next the place of the first entry
   * @param take is told of every place in order; null stands where the entry of that place is not
   */
  constructor(
    next: number,
    take: (value: T | null, place: number) => void,
    report: (finding: OrderFinding) => void,
  ) {
    this.#next = next
    this.#take = take
    this.#report = report
  }

  /** How many places there were so far, those of dropped entries too. Exact after {@link settle}. */
  get size(): number {
    return this.#next
  }

  /** Takes the next entry by the place that it claims. */
  add(index: number, value: T): void {
    this.#resolve(index)
    if (index === this.#next) this.#accept(value)
    else this.#held = { index, value }
  }

  /**
   * Takes a line that cannot be read.
   *
   * @param flaw why, as the end of a sentence that begins with the line
   */
  addUnreadable(flaw: string): void {
    this.#resolve(null)
    this.#held = { index: null, flaw }
  }

  /** Decides what is held back: nothing follows it. */
  settle(): void {
    this.#resolve(null)
  }

  /** Reports the gaps that nothing has filled. */
  finish(): void {
    this.settle()
    for (const { first, last } of this.#gaps) {
      const message = `${range(first, last)} missing: dropped from the log`
      this.#report({ kind: 'missing', message, first, last })
    }
  }

  #accept(value: T | null): void {
    const place = this.#next
    this.#next++
    this.#take(value, place)
  }

  #resolve(following: number | null): void {
    const held = this.#held
    if (held === null) return
    this.#held = null
    if (held.index === null) this.#resolveUnreadable(held.flaw, following)
    else if (following === this.#next + 1) this.#standsFor(held.index)
    else if (held.index < this.#next) this.#comesLate(held.index)
    else this.#leavesGap(held.index, held.value)
  }

  /** What cannot be read was put in where the entry of its place comes next; otherwise it is that entry. */
  #resolveUnreadable(flaw: string, following: number | null): void {
    const place = this.#next
    if (following === place) {
      const message = `a line before entry ${String(place)} ${flaw}: it was put in`
      this.#report({ kind: 'malformed', message, first: place, last: place })
    } else {
      const message = `the line of entry ${String(place)} ${flaw}`
      this.#report({ kind: 'malformed', message, first: place, last: place })
      this.#accept(null)
    }
  }

  #standsFor(index: number): void {
    const place = this.#next
    const message = `in the place of entry ${String(place)} stands one that says it is entry ${String(index)}`
    this.#report({ kind: 'order', message, first: place, last: place })
    this.#accept(null)
  }

  #comesLate(index: number): void {
    const after = String(this.#next - 1)
    if (this.#fillGap(index)) {
      const message = `entry ${String(index)} was moved: it comes behind entry ${after}`
      this.#report({ kind: 'order', message, first: index, last: index })
    } else {
      const message = `entry ${String(index)} comes again behind entry ${after}: it was put in`
      this.#report({ kind: 'repeated', message, first: index, last: index })
    }
  }

  #leavesGap(index: number, value: T): void {
    const gap = { first: this.#next, last: index - 1 }
    if (this.#gaps.length < GAPS_MAX) this.#gaps.push(gap)
    else {
      const message = `${range(gap.first, gap.last)} not where they belong`
      this.#report({ kind: 'missing', message, ...gap })
    }
    this.#take(null, gap.first)
    this.#next = index
    this.#accept(value)
  }

  #fillGap(index: number): boolean {
    const at = this.#gaps.findLastIndex(({ first, last }) => first <= index && index <= last)
    const gap = this.#gaps[at]
    if (gap === undefined) return false
    const rest = [
      { first: gap.first, last: index - 1 },
      { first: index + 1, last: gap.last },
    ].filter(({ first, last }) => first <= last)
    this.#gaps.splice(at, 1, ...rest)
    return true
  }
}

/** Entries by their places, with the verb: `entry 3 is`, `entries 3 to 5 are`. */
export function range(first: number, last: number): string {
  return first === last ? `entry ${String(first)} is` : `entries ${String(first)} to ${String(last)} are`
}
