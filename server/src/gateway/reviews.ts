/** How often what is still under way is judged again: a revoked key's upload or tunnel lives this long at most. */
const INTERVAL_MS = 5000

/** Something that outlives the decision that let it begin. */
export interface Reviewed {
  isStillAdmitted(): boolean
  /** Called once it is not. */
  end(): void
}

/** Judges uploads and tunnels again every few seconds, and ends those whose key would not be let through any more. */
export class Reviews {
  readonly #open = new Set<Reviewed>()
  readonly #intervalMs: number
  #timer: NodeJS.Timeout | null = null

  constructor(intervalMs: number = INTERVAL_MS) {
    this.#intervalMs = intervalMs
  }

  add(reviewed: Reviewed): void {
    this.#open.add(reviewed)
    this.#timer ??= setInterval(() => this.#review(), this.#intervalMs).unref()
  }

  delete(reviewed: Reviewed): void {
    this.#open.delete(reviewed)
    if (this.#open.size > 0 || this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }

  #review(): void {
    for (const reviewed of this.#open) {
      if (!reviewed.isStillAdmitted()) reviewed.end()
    }
  }
}
