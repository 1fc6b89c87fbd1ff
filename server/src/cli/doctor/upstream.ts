import { ConnectionError } from '@bitting/client'
import type { Config } from '../../config.js'
import { isLoopbackHost, type CommandContext } from '../context.js'
import { checkerOf, type Check } from './check.js'

const TIMEOUT_MILLISECONDS = 5000
const CLOCK_SECONDS_MAX = 30

/** Whether the protected API answers. It is asked without its credential: every answer will do. */
export async function checkUpstream(context: CommandContext, { upstream }: Config): Promise<Check[]> {
  const checker = checkerOf('upstream')
  if (upstream === null) {
    return [checker.ok('the built-in sandbox; set BITTING_UPSTREAM and BITTING_UPSTREAM_KEY for a real API')]
  }
  const answer = await probe(context.fetch, upstream)
  if (answer instanceof ConnectionError) {
    return [
      checker.fail(
        answer.message,
        'check BITTING_UPSTREAM, and the way there (name service, firewall, proxy)',
      ),
    ]
  }
  const { hostname, protocol, host } = new URL(upstream)
  const secure = protocol === 'https:' || isLoopbackHost(hostname)
  const state =
    answer.status >= 500
      ? checker.warn(`${upstream} answers ${String(answer.status)}`, 'see whether the API itself has trouble')
      : secure
        ? checker.ok(`${upstream} answers`)
        : checker.warn(`its key goes to ${host} unencrypted`, 'use an https:// address in BITTING_UPSTREAM')
  return [state, ...clockChecks(answer.headers.get('date'), context.nowMilliseconds())]
}

/** Sends one request and drops the body of its answer. */
export async function probe(fetcher: typeof fetch, url: string): Promise<Response | ConnectionError> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS)
    const response = await fetcher(url, { redirect: 'manual', signal })
    await response.body?.cancel()
    return response
  } catch (error) {
    return new ConnectionError(new URL(url).origin, error, TIMEOUT_MILLISECONDS)
  }
}

function clockChecks(date: string | null, now: number): Check[] {
  const theirs = Date.parse(date ?? '')
  const seconds = Math.abs(now - theirs) / 1000
  if (Number.isNaN(theirs) || seconds <= CLOCK_SECONDS_MAX) return []
  return [
    checkerOf('clock').warn(
      `it is ${seconds.toFixed(0)} s off the clock of the upstream`,
      'let the machine set its clock (NTP): keys expire by it',
    ),
  ]
}
