import { randomUUID } from 'node:crypto'
import { SendError, type SendErrorCode } from './safe-connect.js'
import type { SendAnswer } from './sender.js'

/** The signatures that a receiver is tried with, in the order of sending. */
export const PROBE_SIGNATURES = ['missing', 'wrong', 'old', 'tampered', 'right'] as const

/** How a probe is signed. */
export type ProbeSignature = (typeof PROBE_SIGNATURES)[number]

/** What a receiver is like, by the gravest that was found. */
export type ProbeVerdict =
  | 'verifies'
  | 'accepts_unsigned'
  | 'accepts_forged'
  | 'accepts_tampered'
  | 'accepts_old'
  | 'refuses_all'
  | 'unreachable'

/** What came of one probe. */
export interface ProbeCheck {
  readonly signature: ProbeSignature
  /** The status of the answer; null where none came. */
  readonly status: number | null
  /** The code of the {@link SendError} where no answer came, `not_sent` after one that no signature can change. */
  readonly error: string | null
  /** Whether the receiver took it: 200 to 299. */
  readonly accepted: boolean
}

/** What is known of a receiver after the probes. */
export interface ProbeReport {
  readonly verdict: ProbeVerdict
  /** What to do, gravest first. Empty where there is nothing. */
  readonly findings: readonly string[]
  readonly checks: readonly ProbeCheck[]
}

/** What a signature covers. */
export interface ProbeContent {
  readonly id: string
  /** Milliseconds since 1970 UTC. */
  readonly timestampMilliseconds: number
  readonly body: string
}

/** Twice what receivers commonly tolerate: five minutes, by Standard Webhooks' libraries and others. */
const OLD_MILLISECONDS = 10 * 60_000

/** Failures that are the same whatever is sent. */
const HOPELESS: readonly SendErrorCode[] = [
  'address_not_public',
  'not_https',
  'port_not_allowed',
  'dns',
  'connect',
  'tls',
  'closed',
]

/**
 * Finds out whether a receiver verifies: sends it deliveries of the type `webhook_endpoint.probe` whose signatures are
 * missing, made with a key it does not know, ten minutes old, of another body, and right. Only the last may be taken.
 *
 * @param send sends one delivery; it adds what every delivery has besides its signature, `content-type` for example
 * @param sign the headers of a signed delivery; when forged, signed with a random key in place of the endpoint's
 * @param now the present in milliseconds since 1970 UTC
 * @throws whatever `send` throws besides a {@link SendError}
 */
export async function probeEndpoint(
  send: (headers: Record<string, string>, body: string) => Promise<SendAnswer>,
  sign: (content: ProbeContent, forged: boolean) => Record<string, string>,
  now: () => number,
): Promise<ProbeReport> {
  const checks: ProbeCheck[] = []
  let isHopeless = false
  for (const signature of PROBE_SIGNATURES) {
    if (isHopeless) {
      checks.push({ signature, status: null, error: 'not_sent', accepted: false })
      continue
    }
    const { headers, body } = probe(signature, sign, now())
    try {
      const { status } = await send(headers, body)
      checks.push({ signature, status, error: null, accepted: status >= 200 && status <= 299 })
    } catch (error) {
      if (!(error instanceof SendError)) throw error
      checks.push({ signature, status: null, error: error.code, accepted: false })
      isHopeless = HOPELESS.includes(error.code)
    }
  }
  return { ...judge(checks), checks }
}

function probe(
  signature: ProbeSignature,
  sign: (content: ProbeContent, forged: boolean) => Record<string, string>,
  now: number,
): { readonly headers: Record<string, string>; readonly body: string } {
  const timestampMilliseconds = signature === 'old' ? now - OLD_MILLISECONDS : now
  const bodyOf = (name: string): string => {
    const timestamp = new Date(timestampMilliseconds).toISOString()
    return JSON.stringify({ type: 'webhook_endpoint.probe', timestamp, data: { probe: name } })
  }
  const body = bodyOf(signature)
  if (signature === 'missing') return { headers: {}, body }
  const signed = signature === 'tampered' ? bodyOf('original') : body
  const content = { id: `msg_${randomUUID()}`, timestampMilliseconds, body: signed }
  return { headers: sign(content, signature === 'wrong'), body }
}

/** What taking a bad signature means, gravest first. */
const GRAVE: readonly (readonly [ProbeSignature, ProbeVerdict, string])[] = [
  [
    'missing',
    'accepts_unsigned',
    'The endpoint takes deliveries without any signature, so anybody who knows its address can send it events. ' +
      'Verify the signature before anything else and answer 401 where it is missing.',
  ],
  [
    'wrong',
    'accepts_forged',
    'The endpoint takes signatures made with a key that is not its own. Compute the signature with the endpoint’s ' +
      'secret, compare it in constant time and answer 401 where it differs.',
  ],
  [
    'tampered',
    'accepts_tampered',
    'The endpoint takes a signature that was made for another body. Compute the signature over the raw bytes that ' +
      'were received.',
  ],
  [
    'old',
    'accepts_old',
    'The endpoint takes a delivery that was signed ten minutes ago, so a recorded one can be sent again at any time. ' +
      'Refuse timestamps more than five minutes away from the present.',
  ],
]

function judge(checks: readonly ProbeCheck[]): Pick<ProbeReport, 'verdict' | 'findings'> {
  const accepted = new Set(checks.filter((check) => check.accepted).map((check) => check.signature))
  const grave = GRAVE.filter(([signature]) => accepted.has(signature))
  const right = checks.find((check) => check.signature === 'right')
  const findings = grave.map(([, , finding]) => finding)
  if (accepted.size === PROBE_SIGNATURES.length) findings.unshift(TAKES_ALL)
  if (right?.accepted !== true) findings.push(refusalFinding(checks, right?.status ?? null))
  if (right?.accepted === true && checks.some(({ error }) => error !== null)) findings.push(SILENT)
  const verdict = grave[0]?.[1] ?? verdictOf(checks, right)
  return { verdict, findings }
}

function verdictOf(checks: readonly ProbeCheck[], right: ProbeCheck | undefined): ProbeVerdict {
  if (right?.accepted === true) return 'verifies'
  return checks.some(({ status }) => status !== null) ? 'refuses_all' : 'unreachable'
}

const TAKES_ALL =
  'The endpoint answered 200 to 299 to everything it was sent. It does not verify: until it does, treat what it has ' +
  'taken as unproven.'

const SILENT =
  'The endpoint did not answer some of the badly signed deliveries. Answer 401, so that a wrong secret can be told from an outage.'

function refusalFinding(checks: readonly ProbeCheck[], status: number | null): string {
  if (status === null) {
    const codes = [
      ...new Set(checks.flatMap(({ error }) => (error === null || error === 'not_sent' ? [] : error))),
    ]
    return `The endpoint did not answer a rightly signed delivery (${codes.join(', ')}). Check its address and whether it is up.`
  }
  const answered = `The endpoint answered ${String(status)} to a rightly signed delivery. `
  if (status >= 300 && status <= 399)
    return `${answered}Redirects are not followed; set the address it leads to.`
  if (status === 404 || status === 405 || status === 410) {
    return `${answered}Check the path of its address and that it takes POST.`
  }
  if (status >= 500) return `${answered}Look into its log; it fails before or while it verifies.`
  return `${answered}Check that it has this endpoint’s secret, that it computes the signature over the raw bytes, and that its clock is right.`
}
