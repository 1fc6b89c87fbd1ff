import { ApiError, ConnectionError, type Problem } from '@bitting/client'

const UNEXPECTED = 'unexpected_answer'
/** What sends programs to the list of flaws, which people see at the fields. */
const POINTER = /; `errors` says [^.]*/

/** Reads the answer to a refused request. Of what is no problem document (RFC 9457) nothing is repeated. */
export function readProblem(status: number, body: unknown): Problem {
  const known = isRecord(body) && typeof body['code'] === 'string' && typeof body['detail'] === 'string'
  if (!known) {
    const detail = `Something between this page and the server answered ${String(status)} in the server’s place.`
    return { type: 'about:blank', title: 'Unexpected answer', status, detail, code: UNEXPECTED, errors: [] }
  }
  const { code, detail, title, type, errors } = body as Record<string, string> & { errors: unknown }
  return {
    ...body,
    type: typeof type === 'string' ? type : 'about:blank',
    title: typeof title === 'string' ? title : String(code),
    status,
    detail: String(detail),
    code: String(code),
    errors: Array.isArray(errors) ? errors.filter(isFieldError) : [],
  }
}

/** Whether an error is the server's refusal with this code. */
export function isRefusal(error: unknown, code: string): error is ApiError {
  return error instanceof ApiError && error.code === code
}

/** Whether an error says that the server is away: no answer came, or a proxy's in its place. */
export function isAway(error: unknown): boolean {
  if (error instanceof ConnectionError) return true
  return error instanceof ApiError && error.code === UNEXPECTED && error.status >= 502 && error.status <= 504
}

/** What to tell a person about an error: what went wrong, and what to do. The flaws of fields belong to the fields. */
export function describeError(error: unknown): string {
  if (isAway(error)) return 'The server does not answer. Check that it is running and that you are online.'
  if (error instanceof ApiError) return error.detail.replace(POINTER, '')
  return 'Something went wrong on this page. Load it again; if that does not help, tell who runs this server.'
}

/** The flaws of the input that a refusal names, by field: `{name: 'Must not be empty'}`. */
export function fieldErrors(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof ApiError)) return {}
  return Object.fromEntries(error.errors.map(({ field, message }) => [field, capital(message)]))
}

/** What to tell of an error where no field can: the flaws too, `Text: must have a letter or a digit.` */
export function describeFully(error: unknown): string {
  if (!(error instanceof ApiError) || !POINTER.test(error.detail)) return describeError(error)
  return error.errors
    .map(({ field, message }) => `${capital(field.replaceAll(/[._]/g, ' '))}: ${message.replace(/\.$/, '')}.`)
    .join(' ')
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isFieldError(value: unknown): value is { field: string; message: string } {
  return isRecord(value) && typeof value['field'] === 'string' && typeof value['message'] === 'string'
}
