import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { ControlOptions } from './environment.js'

const SESSION = 'bitting_session'
const CEREMONY = 'bitting_ceremony'
const TOKEN = /^[0-9A-Za-z]{43}$/

type WithAddress = Pick<ControlOptions, 'people'>

/** The token of the session that a browser brings; null where it brings none, or nothing that could be one. */
export function sessionToken(c: Context, options: WithAddress): string | null {
  return tokenIn(c, nameOf(SESSION, options))
}

/** The token of what a browser has begun and not finished. */
export function ceremonyToken(c: Context, options: WithAddress): string | null {
  return tokenIn(c, nameOf(CEREMONY, options))
}

/** Gives the browser a session: for this site alone, out of reach of scripts, until it ends by itself. */
export function setSession(c: Context, options: WithAddress, token: string, expiresAt: number): void {
  setCookie(c, nameOf(SESSION, options), token, {
    ...attributes(options),
    sameSite: 'Strict',
    expires: new Date(expiresAt * 1000),
  })
  c.header('Cache-Control', 'no-store')
}

/**
 * Gives the browser the token of something that takes more than one request.
 *
 * @param returns true where the browser comes back from another site, which a strict cookie does not survive
 */
export function setCeremony(
  c: Context,
  options: WithAddress,
  token: string,
  maxAge: number,
  returns = false,
): void {
  const sameSite = returns ? 'Lax' : 'Strict'
  setCookie(c, nameOf(CEREMONY, options), token, { ...attributes(options), sameSite, maxAge })
  c.header('Cache-Control', 'no-store')
}

/** Takes the session from the browser. */
export function clearSession(c: Context, options: WithAddress): void {
  deleteCookie(c, nameOf(SESSION, options), attributes(options))
}

/** Takes from the browser what it had begun. */
export function clearCeremony(c: Context, options: WithAddress): void {
  deleteCookie(c, nameOf(CEREMONY, options), attributes(options))
}

function tokenIn(c: Context, name: string): string | null {
  const value = getCookie(c, name)
  return value !== undefined && TOKEN.test(value) ? value : null
}

/** With `__Host-` no other host and no plain connection can put a cookie in its place (RFC 6265bis Section 4.1.3.2). */
function nameOf(name: string, options: WithAddress): string {
  return isSecure(options) ? `__Host-${name}` : name
}

function attributes(options: WithAddress): { path: string; httpOnly: true; secure: boolean } {
  return { path: '/', httpOnly: true, secure: isSecure(options) }
}

function isSecure({ people }: WithAddress): boolean {
  return people.publicUrl.startsWith('https:')
}
