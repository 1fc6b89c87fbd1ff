import { OpenAPIHono } from '@hono/zod-openapi'
import { ProblemError } from '@bitting/core'
import type { Context, MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { bodyLimit } from 'hono/body-limit'
import type { ControlApp, ControlEnvironment, ControlOptions } from './environment.js'
import { fieldErrors } from './field-errors.js'
import { addPages } from './pages.js'
import { problemResponse } from './problems.js'
import { addAuditProofRoutes } from './routes/audit-proof.js'
import { addAuditRoutes } from './routes/audit.js'
import { addEventRoutes } from './routes/events.js'
import { addKeyRoutes } from './routes/keys.js'
import { addInvitationLinkRoutes } from './routes/auth/invitation.js'
import { addAccountRoutes } from './routes/auth/account.js'
import { addPasskeyRoutes } from './routes/auth/passkeys.js'
import { addSessionRoutes } from './routes/auth/session.js'
import { addTotpRoutes } from './routes/auth/totp.js'
import { addInvitationRoutes } from './routes/invitations.js'
import { addMemberRoutes } from './routes/members.js'
import { addSignInOptionsRoute } from './routes/auth/options.js'
import { addSingleSignOnRoutes } from './routes/auth/single-sign-on.js'
import { addSignInPolicyRoutes } from './routes/sign-in-policy.js'
import { addSetupRoutes } from './routes/setup.js'
import { addUsageRoutes } from './routes/usage.js'
import { addVerifyRoute } from './routes/verify.js'
import { addWebhookDeliveryRoutes } from './routes/webhook-deliveries.js'
import { addWebhookEndpointRoutes } from './routes/webhook-endpoints.js'
import { addWebhookKeyRoutes } from './routes/webhook-key.js'
import { addWebhookRelayRoutes } from './routes/webhook-relays.js'
import { addWorkspaceRoutes } from './routes/workspace.js'

/** The largest body that the management API reads, in bytes. */
export const BODY_BYTES_MAX: number = 256 * 1024

const DOCUMENT = {
  openapi: '3.1.0',
  info: {
    title: 'Bitting management API',
    version: '1',
    description: 'Issue API keys, cut each to what it should open, and see what becomes of it.',
  },
}

/**
 * Refuses bodies that are too large. A length that is announced is looked at here: asking the request for its body, as
 * the general limit does, builds a web stream for every call.
 */
const limitBody: MiddlewareHandler = async (c, next) => {
  const length = c.req.header('content-length')
  if (length === undefined) return limitStreamedBody(c, next)
  return Number(length) > BODY_BYTES_MAX ? bodyTooLarge(c) : next()
}

const limitStreamedBody = bodyLimit({ maxSize: BODY_BYTES_MAX, onError: bodyTooLarge })

function bodyTooLarge(c: Context): Response {
  // The rest of the body is not waited for.
  c.header('Connection', 'close')
  const detail = `A body has at most ${String(BODY_BYTES_MAX)} bytes here.`
  return problemResponse(c, new ProblemError('body_too_large', detail))
}

/** Makes the management API: the operations of the `bitting` catalog, and what machines ask a node. */
export function createControlApp(options: ControlOptions): ControlApp {
  const app: ControlApp = new OpenAPIHono<ControlEnvironment>({
    defaultHook: (result, c) => {
      if (result.success) return undefined
      const errors = fieldErrors(result.error.issues)
      const fields = [...new Set(errors.map((error) => error.field))].join(', ')
      const code = result.target === 'json' ? 'invalid_body' : 'invalid_request'
      return problemResponse(
        c,
        new ProblemError(code, `Check ${fields}; \`errors\` says what each should be.`, { errors }),
      )
    },
  })
  app.use(limitBody)
  app.use('/v1/*', async (c, next) => {
    const hasBody =
      Number(c.req.header('content-length') ?? 0) > 0 || c.req.header('transfer-encoding') !== undefined
    const type = c.req.header('content-type') ?? ''
    if (hasBody && !/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) {
      throw notJson()
    }
    await next()
    c.header('X-Content-Type-Options', 'nosniff')
  })
  registerCredentials(app)
  addOperations(app, options)
  addMachineRoutes(app, options)
  addPages(app)
  addErrorHandling(app, options)
  return app
}

function registerCredentials(app: ControlApp): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'management_key', {
    type: 'http',
    scheme: 'bearer',
    description: 'A management key, `btgm_…`',
  })
  app.openAPIRegistry.registerComponent('securitySchemes', 'session', {
    type: 'apiKey',
    in: 'cookie',
    name: 'bitting_session',
    description:
      'Somebody who is signed in; `__Host-bitting_session` on https. Believed from our own pages alone',
  })
}

/** Adds every operation: those that the catalog maps, and those that people call for themselves. */
function addOperations(app: ControlApp, options: ControlOptions): void {
  addKeyRoutes(app, options)
  addUsageRoutes(app, options)
  addVerifyRoute(app, options)
  addAuditProofRoutes(app, options)
  addAuditRoutes(app, options)
  addWorkspaceRoutes(app, options)
  addWebhookKeyRoutes(app, options)
  addWebhookEndpointRoutes(app, options)
  addWebhookDeliveryRoutes(app, options)
  addWebhookRelayRoutes(app, options)
  addEventRoutes(app, options)
  addMemberRoutes(app, options)
  addInvitationRoutes(app, options)
  addSignInOptionsRoute(app, options)
  addSingleSignOnRoutes(app, options)
  addSignInPolicyRoutes(app, options)
  addSetupRoutes(app, options)
  addSessionRoutes(app, options)
  addAccountRoutes(app, options)
  addTotpRoutes(app, options)
  addPasskeyRoutes(app, options)
  addInvitationLinkRoutes(app, options)
}

/** What orchestrators, monitors and generators ask. Nothing here tells of any workspace. */
function addMachineRoutes(app: ControlApp, options: ControlOptions): void {
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.get('/readyz', (c) => {
    const ready = options.isReady()
    return c.json({ status: ready ? 'ready' : 'not ready' }, ready ? 200 : 503)
  })
  app.get('/metrics', (c) => c.text(options.metrics(), 200, { 'Content-Type': 'text/plain; version=0.0.4' }))
  app.get('/openapi.json', (c) => c.json(app.getOpenAPI31Document(DOCUMENT)))
}

function addErrorHandling(app: ControlApp, options: ControlOptions): void {
  app.notFound((c) =>
    problemResponse(
      c,
      new ProblemError('not_found', 'There is nothing at this path. /openapi.json lists what there is.'),
    ),
  )
  app.onError((error, c) => {
    if (error instanceof ProblemError) {
      if (error.status >= 500) options.log(error, 'a request failed')
      return problemResponse(c, error)
    }
    if (error instanceof HTTPException) {
      return problemResponse(c, error.status === 415 ? notJson() : malformed())
    }
    options.log(error, 'a request failed')
    const detail =
      'Something went wrong on our side. A change that was asked for may have taken effect or not: look before you repeat it. If it stays, look in the log for the request id.'
    const members = { request_id: c.get('requestId') }
    return problemResponse(c, new ProblemError('internal', detail, { members }))
  })
}

function notJson(): ProblemError {
  return new ProblemError(
    'unsupported_media_type',
    'Send the body as JSON, with Content-Type: application/json.',
    { errors: [{ field: 'Content-Type', message: 'must be application/json' }] },
  )
}

function malformed(): ProblemError {
  return new ProblemError('invalid_request', 'The body is not well-formed JSON.', {
    errors: [{ field: 'body', message: 'must be well-formed JSON' }],
  })
}
