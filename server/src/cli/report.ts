import { ApiError, ConnectionError } from '@bitting/client'
import { ProblemError, type FieldError } from '@bitting/core'
import { ConfigError } from '../config.js'
import { CommandError } from './command-error.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import type { Output } from './output.js'
import { splitAdvice } from './text.js'

/** An error as the command line shows it. */
export interface Report {
  readonly message: string
  readonly details: readonly string[]
  readonly hint: string | null
  readonly exitCode: ExitCode
}

const SYSTEM_ERRORS: Readonly<Record<string, { readonly message: string; readonly hint: string }>> = {
  EADDRINUSE: {
    message: 'the address to listen on is taken',
    hint: 'stop what runs there (another bitting?), or choose others in BITTING_LISTEN and BITTING_GATEWAY_LISTEN',
  },
  EACCES: {
    message: 'the system does not allow it',
    hint: 'check who owns it, and as whom you run bitting',
  },
  ENOSPC: { message: 'the disk is full', hint: 'make room, then repeat the command' },
  EROFS: {
    message: 'the file system is read-only',
    hint: 'set BITTING_DATA_DIR to a directory that can be written',
  },
  ENOENT: { message: 'there is no such file or directory', hint: 'check the path' },
}

/** What JavaScript itself throws. Whatever else is thrown was written to be read. */
const MISTAKES = [TypeError, RangeError, ReferenceError, SyntaxError] as const

/** Shows an error, and returns what the process ends with. */
export function reportError(output: Output, error: unknown): ExitCode {
  const { message, details, hint, exitCode } = describeError(error)
  output.fail(message, hint, details)
  return exitCode
}

/** What to say of an error, and what to end with. */
export function describeError(error: unknown): Report {
  if (error instanceof CommandError) return error
  if (error instanceof ApiError) return describeApiError(error)
  if (error instanceof ConnectionError) {
    return {
      message: error.message,
      details: [],
      hint: 'check BITTING_URL, and that the server runs; `bitting doctor` looks further',
      exitCode: EXIT.unreachable,
    }
  }
  if (error instanceof ConfigError) {
    const hint = '`bitting doctor` checks the settings; docs/settings.md lists them all'
    return { message: 'the settings are not usable', details: error.flaws, hint, exitCode: EXIT.usage }
  }
  if (error instanceof ProblemError) {
    const exitCode = error.status === 409 ? EXIT.conflict : EXIT.failed
    return { ...splitAdvice(error.message), details: fieldLines(error.errors), exitCode }
  }
  return describeOther(error)
}

function describeApiError(error: ApiError): Report {
  const { message, hint } = splitAdvice(error.detail)
  const details = fieldLines(error.errors)
  if (error.status >= 500 && error.requestId !== null) details.push(`request id: ${error.requestId}`)
  return { message, details, hint: hintOf(error) ?? hint, exitCode: exitCodeOf(error) }
}

function hintOf({ code }: ApiError): string | null {
  switch (code) {
    case 'invalid_token':
      return 'check BITTING_MANAGEMENT_KEY: it takes a live management key of this installation, which begins with btgm_'
    case 'version_conflict':
      return 'somebody else changed it in the meantime; look at it again, then repeat the command'
    case 'invalid_access':
      return '`bitting catalog show --in-force` lists what there is, `bitting catalog show bitting` for management keys'
    case 'state_conflict':
      return '`bitting keys show` with its id tells what was done to it, when and by whom'
    case 'webhook_key_in_use':
      return 'let another key sign first: bitting webhook-key set <id>, with --overlap 0 where this one leaked'
    case 'confirmation_required':
      return 'the name given is another; give the exact one: --confirm <name>'
    case 'unexpected_answer':
      return 'check BITTING_URL: it takes the address of the management API, not of the gateway'
    default:
      return null
  }
}

function exitCodeOf({ status, code }: ApiError): ExitCode {
  if (code === 'unexpected_answer') return EXIT.unreachable
  switch (status) {
    case 400:
    case 413:
    case 428:
      return EXIT.usage
    case 401:
    case 403:
      return EXIT.unauthorised
    case 409:
    case 412:
      return EXIT.conflict
    case 502:
    case 503:
    case 504:
      return EXIT.unreachable
    default:
      return EXIT.failed
  }
}

function fieldLines(errors: readonly FieldError[]): string[] {
  return errors.map(({ field, message }) => `${field}: ${message}`)
}

function describeOther(error: unknown): Report {
  if (!(error instanceof Error)) return internalError('something was thrown that is no error')
  const { code, path } = error as NodeJS.ErrnoException
  const known = code === undefined ? undefined : SYSTEM_ERRORS[code]
  if (known !== undefined) {
    const message = path === undefined ? known.message : `${path}: ${known.message}`
    return { message, details: [], hint: known.hint, exitCode: EXIT.failed }
  }
  const [first = '', ...lines] = withoutCredentials(error.message).split('\n')
  // By its name, because its module loads the database drivers, and few commands need those.
  if (error.name === 'CatalogError') {
    const hint = 'each line says what to write; docs/catalogs.md describes the form'
    return { message: 'the catalog cannot be used', details: [first, ...lines], hint, exitCode: EXIT.usage }
  }
  if (MISTAKES.some((kind) => error instanceof kind) || first.startsWith('assertion failed')) {
    return internalError(`${error.name}: ${first}`)
  }
  const { message, hint } = splitAdvice(first)
  return {
    message,
    details: lines,
    hint: hint ?? '`bitting doctor` looks for the cause',
    exitCode: EXIT.failed,
  }
}

function internalError(message: string): Report {
  const hint = 'this is a mistake in bitting; please report it, with the command that you ran'
  return { message, details: [], hint, exitCode: EXIT.internal }
}

/** Libraries quote addresses of databases, and with them passwords. */
function withoutCredentials(text: string): string {
  return text.replaceAll(/(:\/\/[^\s/:@]*):\S*@/g, '$1:…@')
}
