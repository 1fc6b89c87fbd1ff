import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { ProblemError, type ErrorShape } from '@bitting/core'
import { problemAnswer } from './answers.js'
import type { GatewayResponse } from './messages.js'

const FAILURES = [
  { code: 'HPE_HEADER_OVERFLOW', status: 431, message: 'The headers of the request are larger than 16 KiB.' },
  {
    code: 'HPE_CHUNK_EXTENSIONS_OVERFLOW',
    status: 413,
    message: 'The chunk extensions of the body are too large.',
  },
  { code: 'ERR_HTTP_REQUEST_TIMEOUT', status: 408, message: 'The request did not arrive in time.' },
] as const
const MALFORMED = { status: 400, message: 'The request is not valid HTTP/1.1.' } as const

/** Answers what could not be read as a request, and closes its connection. */
export class ParseErrorAnswers {
  readonly #answers = new Map<string, string>()
  readonly #malformed: string

  constructor(errors: ErrorShape) {
    for (const { code, status, message } of FAILURES)
      this.#answers.set(code, wholeAnswer(status, message, errors))
    this.#malformed = wholeAnswer(MALFORMED.status, MALFORMED.message, errors)
  }

  /**
   * Answers an error of a connection, unless an answer on it has begun or belongs to another request.
   *
   * @param latest the response that was begun last on the connection
   */
  answer(error: NodeJS.ErrnoException, socket: Duplex, latest: GatewayResponse | null): void {
    const isBusy = latest !== null && !latest.writableFinished
    const isAnswerable = !isBusy || (!latest.req.complete && !latest.headersSent)
    if (socket.writable && isAnswerable && error.code !== 'ECONNRESET') {
      socket.write(this.#answers.get(error.code ?? '') ?? this.#malformed)
    }
    socket.destroy()
  }
}

function wholeAnswer(status: number, message: string, errors: ErrorShape): string {
  const { headers, body } = problemAnswer(new ProblemError('invalid_request', message), errors, status)
  let head = `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\n`
  for (let index = 0; index < headers.length; index += 2) {
    head += `${headers[index] ?? ''}: ${headers[index + 1] ?? ''}\r\n`
  }
  return `${head}\r\n${body.toString()}`
}
