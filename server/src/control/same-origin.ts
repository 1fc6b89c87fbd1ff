import { ProblemError } from '@bitting/core'
import type { Context } from 'hono'
import type { ControlOptions } from './environment.js'

/** Methods that change nothing (RFC 9110 Section 9.2.1). */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses what another site has a browser send along with our cookie. Browsers say in Sec-Fetch-Site where a request
 * comes from; those that do not, on plain connections, name its Origin.
 *
 * @throws {ProblemError} cross_origin
 */
export function requireSameOrigin(c: Context, { people }: Pick<ControlOptions, 'people'>): void {
  if (SAFE.has(c.req.method)) return
  const site = c.req.header('sec-fetch-site')
  const origin = c.req.header('origin')
  const isOurs =
    site === undefined
      ? origin !== undefined &&
        (origin === originOf(people.publicUrl) || hostOf(origin) === c.req.header('host'))
      : site === 'same-origin'
  if (isOurs) return
  throw new ProblemError(
    'cross_origin',
    'A session works from our own pages alone. Programs use a management key: Authorization: Bearer btgm_…',
  )
}

function originOf(url: string): string {
  return new URL(url).origin
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null
}
