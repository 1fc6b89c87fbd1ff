import { z } from '@hono/zod-openapi'
import { signInWithCode, signInWithPassword, stepUp } from '../../../services/people/sign-in.js'
import { endSession, switchWorkspace } from '../../../services/people/sessions.js'
import { viewSession } from '../../../services/people/view-session.js'
import { ceremonyToken, clearSession, setSession } from '../../cookies.js'
import type { ControlApp, ControlOptions } from '../../environment.js'
import { storableText } from '../../schemas.js'
import { originOfRequest } from '../../origin.js'
import { answerSignIn } from './answers.js'
import { emptySchema, jsonBody, personOperation } from './person-operation.js'
import { codeSchema, emailSchema, passwordSchema, sessionSchema, signInSchema } from './schemas.js'

/** Adds signing in with a password, and what can be done with a session. */
export function addSessionRoutes(app: ControlApp, options: ControlOptions): void {
  addSignIn(app, options)
  addSession(app, options)
  addStepUp(app, options)
}

function addSignIn(app: ControlApp, options: ControlOptions): void {
  const { people } = options
  const password = personOperation(options, 'post', '/v1/auth/password', {
    operationId: 'signInWithPassword',
    summary: 'Sign in with a password; the answer says whether a second factor is wanted',
    session: false,
    request: jsonBody(
      z.strictObject({ email: emailSchema, password: passwordSchema }).openapi('PasswordSignIn'),
    ),
    result: signInSchema,
  })
  app.openapi(password, async (c) => {
    const origin = originOfRequest(c, options, c.get('requestId'))
    const outcome = await signInWithPassword(people, c.req.valid('json'), origin)
    return c.json(await answerSignIn(c, options, outcome), 200)
  })

  const code = personOperation(options, 'post', '/v1/auth/second-factor', {
    operationId: 'signInWithCode',
    summary: 'Finish a sign-in with a code of the generator, or a recovery code',
    session: false,
    request: jsonBody(z.strictObject({ code: codeSchema }).openapi('SecondFactor')),
    result: signInSchema,
  })
  app.openapi(code, async (c) => {
    const origin = originOfRequest(c, options, c.get('requestId'))
    const ceremony = ceremonyToken(c, options)
    const outcome = await signInWithCode(people, ceremony, c.req.valid('json').code, origin)
    return c.json(await answerSignIn(c, options, outcome), 200)
  })
}

function addSession(app: ControlApp, options: ControlOptions): void {
  const { people } = options
  const get = personOperation(options, 'get', '/v1/auth/session', {
    operationId: 'getSession',
    summary: 'Who is signed in, where and as what',
    session: true,
    result: sessionSchema,
  })
  app.openapi(get, async (c) => c.json(await viewSession(people, c.get('session')), 200))

  const signOut = personOperation(options, 'post', '/v1/auth/sign-out', {
    operationId: 'signOut',
    summary: 'End the session',
    session: true,
    request: jsonBody(emptySchema),
    result: z.object({}),
  })
  app.openapi(signOut, async (c) => {
    await endSession(people, c.get('session'))
    clearSession(c, options)
    return c.json({}, 200)
  })

  const change = personOperation(options, 'post', '/v1/auth/workspace', {
    operationId: 'switchWorkspace',
    summary: 'Go to another workspace that one is in',
    session: true,
    request: jsonBody(z.strictObject({ workspace_id: storableText(64) }).openapi('SwitchWorkspace')),
    result: sessionSchema,
  })
  app.openapi(change, async (c) => {
    const { workspace_id: workspaceId } = c.req.valid('json')
    const { token, live } = await switchWorkspace(people, c.get('session'), workspaceId)
    setSession(c, options, token, live.expiresAt)
    return c.json(await viewSession(people, live), 200)
  })
}

function addStepUp(app: ControlApp, options: ControlOptions): void {
  const { people } = options
  const route = personOperation(options, 'post', '/v1/auth/step-up', {
    operationId: 'stepUp',
    summary: 'Prove once more who one is, before what asks for a recent sign-in',
    session: true,
    request: jsonBody(
      z.strictObject({ password: passwordSchema, code: codeSchema.optional() }).openapi('StepUp'),
    ),
    result: sessionSchema,
  })
  app.openapi(route, async (c) => {
    const { password, code } = c.req.valid('json')
    const live = await stepUp(people, c.get('session'), { password, code: code ?? null })
    return c.json(await viewSession(people, live), 200)
  })
}
