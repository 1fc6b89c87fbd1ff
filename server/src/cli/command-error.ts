import { EXIT, type ExitCode } from './exit-codes.js'

/** What a {@link CommandError} says besides its message. */
export interface CommandErrorExtras {
  /** What to do next. Absent only where there is nothing to do. */
  readonly hint?: string
  /** `failed` unless it is told. */
  readonly exitCode?: ExitCode
  /** Further lines, each shown indented. */
  readonly details?: readonly string[]
}

/**
 * A command cannot go on, and why. Message and hint begin in lower case and have no period at the end; a token is in
 * neither.
 */
export class CommandError extends Error {
  readonly hint: string | null
  readonly exitCode: ExitCode
  readonly details: readonly string[]

  constructor(message: string, extras: CommandErrorExtras = {}) {
    super(message)
    this.name = 'CommandError'
    this.hint = extras.hint ?? null
    this.exitCode = extras.exitCode ?? EXIT.failed
    this.details = extras.details ?? []
  }
}

/** The arguments cannot be what was meant. */
export function usageError(message: string, hint: string): CommandError {
  return new CommandError(message, { hint, exitCode: EXIT.usage })
}
