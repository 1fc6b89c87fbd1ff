import { Agent, type Dispatcher } from 'undici'
import { DELIVERY_LIMIT_MILLISECONDS, errorCode, SinkError, withinLimit } from '../sinks/sink.js'

/** What a witness is asked to cosign. */
export interface WitnessRequest {
  /** The submission prefix of the witness, without `/add-checkpoint`. */
  readonly url: string
  /** The size of the log's checkpoint that the witness cosigned last; 0 when that is not known. */
  readonly oldSize: number
  /** The hashes of the RFC 6962 proof from the old size to the checkpoint's; none from 0. */
  readonly consistencyProof: readonly Uint8Array[]
  /** A signed note, with the line end after its last signature. */
  readonly checkpoint: string
  /** A PEM text with the authorities to believe in place of the system's. */
  readonly ca?: string
}

/**
 * What a witness answered: its signature lines, not verified, each with its line end; or the size that it cosigned
 * last, from which the proof must begin.
 */
export type WitnessAnswer = { readonly cosignatures: string } | { readonly conflict: number }

const PROOF_LINES_MAX = 63
/** Room for 16 signatures of the largest kind, as signed-note asks for. */
const ANSWER_BYTES_MAX = 128 * 1024
const SIGNATURE_LINES = /^(?:\u2014 [^\s+]+ [A-Za-z0-9+/]+={0,2}\n)+$/u

/** What the statuses mean beside 200 and 409. */
const REFUSALS: Readonly<Record<number, readonly [code: string, message: string]>> = {
  400: ['bad_request', 'the witness found the request malformed or the old size larger than the checkpoint'],
  403: ['not_trusted', 'the witness trusts none of the signatures of the checkpoint'],
  404: ['unknown_log', 'the witness does not know the origin of the log; have its operator add it'],
  422: ['inconsistent', 'the witness found the checkpoint inconsistent with the one it cosigned before'],
}

const agents = new Map<string, Agent>()

/**
 * Asks a witness to cosign a checkpoint, as C2SP tlog-witness describes. The caller verifies the lines that come back.
 *
 * @throws {SinkError} when the witness refuses or does not answer. The code `fork` says that it cosigned another tree
 *   of the same size before, and `inconsistent` that this one does not continue it: somebody rewrote the log
 * @throws {RangeError} when the request cannot be written as the protocol has it
 */
export async function addCheckpoint(request: WitnessRequest, signal: AbortSignal): Promise<WitnessAnswer> {
  const body = requestBody(request)
  const url = `${request.url.replace(/\/+$/, '')}/add-checkpoint`
  const answer = await withinLimit(signal, DELIVERY_LIMIT_MILLISECONDS, (limited) =>
    post(url, body, agentOf(request.ca), limited),
  )
  if (answer.status === 200) {
    if (SIGNATURE_LINES.test(answer.body)) return { cosignatures: answer.body }
    const message = 'the witness answered with something other than signature lines'
    throw new SinkError('not_a_witness', message, { status: answer.status })
  }
  if (answer.status === 409) return conflict(answer, request.oldSize)
  const [code, message] = REFUSALS[answer.status] ?? [
    `http_${String(answer.status)}`,
    `the witness answered ${String(answer.status)}`,
  ]
  throw new SinkError(code, message, { status: answer.status })
}

interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

function requestBody({ oldSize, consistencyProof, checkpoint }: WitnessRequest): string {
  if (!Number.isSafeInteger(oldSize) || oldSize < 0) throw new RangeError('a size is a whole number')
  if (consistencyProof.length > PROOF_LINES_MAX) throw new RangeError('a proof has at most 63 hashes')
  if (!checkpoint.endsWith('\n')) throw new RangeError('a checkpoint ends with a line end')
  const proof = consistencyProof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('')
  return `old ${String(oldSize)}\n${proof}\n${checkpoint}`
}

/** 409 also tells of a tree of the same size with another root, which no other proof would help. */
function conflict(answer: Answer, oldSize: number): WitnessAnswer {
  const size = /^(0|[1-9]\d{0,14})\n$/.exec(answer.body)?.[1]
  if (answer.contentType === 'text/x.tlog.size' && size !== undefined && Number(size) !== oldSize) {
    return { conflict: Number(size) }
  }
  throw new SinkError('fork', 'the witness cosigned another tree of this size', { status: 409 })
}

async function post(url: string, body: string, agent: Agent, signal: AbortSignal): Promise<Answer> {
  const { origin, pathname, host } = new URL(url)
  try {
    const response = await agent.request({
      origin,
      path: pathname,
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8', 'user-agent': 'bitting' },
      body,
      signal,
    })
    const type = response.headers['content-type']
    return {
      status: response.statusCode,
      contentType: (Array.isArray(type) ? type[0] : type)?.split(';')[0]?.trim().toLowerCase() ?? '',
      body: await readCapped(response.body),
    }
  } catch (error) {
    if (error instanceof SinkError) throw error
    const code = errorCode(error)
    throw new SinkError(code, `no answer came from the witness at ${host} (${code})`)
  }
}

/** One agent for each set of authorities, so that connections are kept as the protocol asks. */
function agentOf(ca: string | undefined): Agent {
  const key = ca ?? ''
  let agent = agents.get(key)
  if (agent === undefined) {
    const connect = { timeout: 10_000, rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) }
    agent = new Agent({ connect, connections: 4, allowH2: false, pipelining: 1 })
    agents.set(key, agent)
  }
  return agent
}

async function readCapped(body: Dispatcher.ResponseData['body']): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of body as AsyncIterable<Buffer>) {
    size += part.length
    if (size > ANSWER_BYTES_MAX) throw new SinkError('not_a_witness', 'the answer of the witness is too long')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
