/**
 * Ends the current request when the program itself is wrong. Never used on input: input gets a {@link ProblemError}.
 *
 * @throws {Error} when the condition is false
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`)
}

/** Marks a place that the types say cannot be reached, so that a new union member is a compile error there. */
export function unreachable(value: never): never {
  throw new Error(`assertion failed: unreachable case ${String(value)}`)
}
