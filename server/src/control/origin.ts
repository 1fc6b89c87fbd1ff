import type { Context } from 'hono'
import type { Origin } from '../audit/actor.js'
import { clientAddress, peerOf } from '../http/client-address.js'
import type { ControlEnvironment, ControlOptions } from './environment.js'

/** The longest User-Agent that the audit log keeps, in characters. */
const USER_AGENT_LENGTH_MAX = 256

/** Where a request came from, for the audit log. */
export function originOfRequest(
  c: Context<ControlEnvironment>,
  { trustedProxies }: ControlOptions,
  requestId: string,
): Origin {
  const peer = peerOf(c.env.incoming?.socket.remoteAddress, trustedProxies)
  return {
    address: clientAddress(peer, c.req.header('x-forwarded-for'), trustedProxies),
    userAgent: c.req.header('user-agent')?.slice(0, USER_AGENT_LENGTH_MAX) ?? null,
    requestId,
  }
}
