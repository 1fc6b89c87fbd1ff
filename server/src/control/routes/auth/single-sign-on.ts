import { randomUUID } from 'node:crypto'
import { createRoute, z } from '@hono/zod-openapi'
import { ProblemError, type ProblemCode } from '@bitting/core'
import type { Context } from 'hono'
import { CEREMONY_SECONDS } from '../../../services/people/ceremonies.js'
import { SingleSignOnError } from '../../../services/people/single-sign-on-provider.js'
import { beginSingleSignOn, finishSingleSignOn } from '../../../services/people/single-sign-on.js'
import { ceremonyToken, clearCeremony, sessionToken, setCeremony } from '../../cookies.js'
import type { ControlApp, ControlEnvironment, ControlOptions } from '../../environment.js'
import { storableText } from '../../schemas.js'
import { originOfRequest } from '../../origin.js'
import { enter } from './answers.js'

const RETURN_LENGTH_MAX = 500

const workspaceSchema = storableText(64)
const answers = {
  302: {
    description:
      'To the provider, to the dashboard, to `/sign-in?problem=<code>`, or from another site to `/sign-in?sso=<workspace>`, which asks first',
  },
}

/** Adds signing in through a workspace's identity provider: two steps of a browser, answered with redirects. */
export function addSingleSignOnRoutes(app: ControlApp, options: ControlOptions): void {
  addCallback(app, options)
  addBeginning(app, options)
}

function addBeginning(app: ControlApp, options: ControlOptions): void {
  const route = createRoute({
    method: 'get',
    path: '/v1/auth/sso/{workspace}',
    operationId: 'beginSingleSignOn',
    summary: 'Go to the identity provider of a workspace, to sign in or to prove anew who one is',
    tags: ['people'],
    security: [],
    request: {
      params: z.object({ workspace: workspaceSchema }),
      query: z.object({
        return_to: z.string().optional().openapi({ description: 'A path of the dashboard, `/` by default' }),
        step_up: z.literal('1').optional().openapi({ description: 'Prove the session anew' }),
      }),
    },
    responses: answers,
  })
  app.openapi(route, async (c) =>
    orSignInPage(c, options, async (origin) => {
      const { workspace: workspaceId } = c.req.valid('param')
      const { return_to: wanted, step_up: stepUp } = c.req.valid('query')
      const returnTo = returnPath(wanted)
      if (isFromElsewhere(c)) return `/sign-in?${askingFor(workspaceId, returnTo)}`
      const stepUpToken = stepUp === undefined ? null : sessionToken(c, options)
      if (stepUp !== undefined && stepUpToken === null) {
        throw new ProblemError('session_ended', 'Nobody is signed in here.')
      }
      const request = { workspaceId, returnTo, stepUpToken }
      const { url, ceremony } = await beginSingleSignOn(options.people, request, origin)
      setCeremony(c, options, ceremony, CEREMONY_SECONDS, true)
      return url.href
    }),
  )
}

function addCallback(app: ControlApp, options: ControlOptions): void {
  const route = createRoute({
    method: 'get',
    path: '/v1/auth/sso/{workspace}/callback',
    operationId: 'finishSingleSignOn',
    summary: 'Where the identity provider of a workspace sends browsers back to',
    tags: ['people'],
    security: [],
    request: { params: z.object({ workspace: workspaceSchema }) },
    responses: answers,
  })
  app.openapi(route, async (c) =>
    orSignInPage(c, options, async (origin) => {
      const ceremony = ceremonyToken(c, options)
      const { workspace: workspaceId } = c.req.valid('param')
      const returned = { workspaceId, parameters: new URL(c.req.url).searchParams }
      clearCeremony(c, options)
      const { session, returnTo } = await finishSingleSignOn(options.people, ceremony, returned, origin)
      // The session's cookie is strict. A browser takes it from this answer, which is ours, and does not send it with
      // the redirect that follows, because the provider's site began that one. Nothing is lost: our document is the same
      // for everybody, and what it fetches goes from our own site, with the cookie.
      if (session !== null) await enter(c, options, session)
      return returnTo
    }),
  )
}

/**
 * Says whether another site began this, by a link or without asking: it must not get to choose who is signed in here
 * (RFC 9700 Section 4.7). An address that was typed or kept as a bookmark comes as `none`.
 */
function isFromElsewhere(c: Context<ControlEnvironment>): boolean {
  const site = c.req.header('sec-fetch-site')
  return site === 'cross-site' || site === 'same-site'
}

/** The search of the sign-in page that asks whether to go on to the provider of a workspace. */
function askingFor(workspaceId: string, returnTo: string): string {
  return new URLSearchParams({
    sso: workspaceId,
    ...(returnTo !== '/' && { return_to: returnTo }),
  }).toString()
}

/** Redirects a browser: to where the work says, or to the sign-in page with the code of what went wrong. */
async function orSignInPage(
  c: Context<ControlEnvironment>,
  options: ControlOptions,
  work: (origin: ReturnType<typeof originOfRequest>) => Promise<string>,
): Promise<Response> {
  const requestId = randomUUID()
  c.set('requestId', requestId)
  c.header('Cache-Control', 'no-store')
  // The address has a code and a state in it.
  c.header('Referrer-Policy', 'no-referrer')
  try {
    return c.redirect(await work(originOfRequest(c, options, requestId)))
  } catch (error) {
    return c.redirect(`/sign-in?problem=${codeOf(error, options)}`)
  }
}

function codeOf(error: unknown, options: ControlOptions): ProblemCode {
  if (error instanceof SingleSignOnError || error instanceof ProblemError) return error.code
  options.log(error, 'a single sign-on failed')
  return 'internal'
}

/** A segment of a path of ours: no percent signs, nothing that is `.` or `..`. */
const SEGMENT = '[\\w~:-][\\w.~:-]*'
const RETURN_PATH = new RegExp(`^/(?:${SEGMENT}(?:/${SEGMENT})*/?)?(?:\\?[\\w.~:%&=+,-]*)?$`)

/**
 * Where to go after a sign-in: a path of our own dashboard, `/` for everything that is none or that a browser could
 * read as another site's. Its pages have plain names, so a path is taken that has nothing else in it.
 */
export function returnPath(wanted: string | undefined): string {
  if (wanted === undefined || wanted.length > RETURN_LENGTH_MAX) return '/'
  return RETURN_PATH.test(wanted) && !/^\/v1(?:[/?]|$)/i.test(wanted) ? wanted : '/'
}
