import { SendError } from './safe-connect.js'
import type { SendAnswer, WebhookSender } from './sender.js'

/** What came of a handshake. The reason is a sentence for the endpoint's owner. */
export type Handshake =
  | { readonly ok: true; readonly ratePerMinute: number | null }
  | { readonly ok: false; readonly reason: string }

/** The rate that is asked for, in requests a minute. A receiver grants what it likes. */
export const REQUESTED_RATE_PER_MINUTE = 6000

/**
 * Asks a receiver whether it wants events from here, as CloudEvents' "HTTP 1.1 Web Hooks for Event Delivery" section 4
 * has it: an `OPTIONS` request whose answer must name the origin that may send. So nobody can point events at a server
 * that never asked for them. The asynchronous form with a callback is not offered.
 *
 * @param origin the host name under which deliveries are sent, `keys.example.com` for example
 * @returns on success the granted requests a minute, null where they are not limited
 */
export async function handshake(
  sender: Pick<WebhookSender, 'send'>,
  url: URL,
  origin: string,
): Promise<Handshake> {
  const headers = {
    'webhook-request-origin': origin,
    'webhook-request-rate': String(REQUESTED_RATE_PER_MINUTE),
  }
  try {
    return judge(await sender.send({ url, method: 'OPTIONS', headers, body: null }), origin)
  } catch (error) {
    if (error instanceof SendError) return refused(error.message)
    throw error
  }
}

/** The lowest rate that can be kept: one request a second. */
const RATE_PER_MINUTE_MIN = 60

function judge({ status, headers }: SendAnswer, origin: string): Handshake {
  if (status < 200 || status > 299) {
    return refused(`the endpoint answered ${String(status)} to OPTIONS; it must answer 200 to 299`)
  }
  const allowed = headers['webhook-allowed-origin'] ?? ''
  if (allowed !== '*' && allowed.toLowerCase() !== origin.toLowerCase()) {
    return refused(`the endpoint must answer OPTIONS with "WebHook-Allowed-Origin: ${origin}" or "*"`)
  }
  const rate = headers['webhook-allowed-rate'] ?? '*'
  if (rate === '*') return { ok: true, ratePerMinute: null }
  const ratePerMinute = /^\d{1,15}$/.test(rate) ? Number(rate) : 0
  return ratePerMinute >= RATE_PER_MINUTE_MIN
    ? { ok: true, ratePerMinute }
    : refused(
        `WebHook-Allowed-Rate must be "*" or the number of requests a minute, ${String(RATE_PER_MINUTE_MIN)} or more`,
      )
}

function refused(reason: string): Handshake {
  return { ok: false, reason }
}
