/** Keeps requests to a number a second: a pause saves up one second's worth at most. */
export class RateBucket {
  #tokens = 1
  #filledAt: number

  /** @param nowMilliseconds in milliseconds since 1970 UTC */
  constructor(nowMilliseconds: number) {
    this.#filledAt = nowMilliseconds
  }

  /** Says whether a request may go now, and counts it then. */
  take(perSecond: number, nowMilliseconds: number): boolean {
    // A clock that was set back must not hold anything up.
    const elapsed = Math.max(0, nowMilliseconds - this.#filledAt)
    this.#tokens = Math.min(perSecond, this.#tokens + (elapsed * perSecond) / 1000)
    this.#filledAt = nowMilliseconds
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  /** How long until the next may go, in milliseconds; 0 where one may go now. */
  holdsFor(perSecond: number, nowMilliseconds: number): number {
    if (this.#tokens >= 1) return 0
    const elapsed = Math.max(0, nowMilliseconds - this.#filledAt)
    return Math.max(1, Math.ceil(((1 - this.#tokens) * 1000) / perSecond - elapsed))
  }
}
