import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { CEREMONY_SECONDS } from '../../../services/people/ceremonies.js'
import { addPasskey, beginPasskey } from '../../../services/people/passkeys-add.js'
import {
  beginPasskeySignIn,
  beginPasskeyStepUp,
  signInWithPasskey,
  stepUpWithPasskey,
} from '../../../services/people/passkeys-use.js'
import { listPasskeys, removePasskey } from '../../../services/people/passkeys.js'
import { viewSession } from '../../../services/people/view-session.js'
import { ceremonyToken, clearCeremony, setCeremony } from '../../cookies.js'
import type { ControlApp, ControlOptions } from '../../environment.js'
import { originOfRequest } from '../../origin.js'
import { personNameSchema, sessionSchema, signInSchema } from './schemas.js'
import { answerSignIn } from './answers.js'
import {
  assertionSchema,
  creationOptionsSchema,
  passkeyIdParameter,
  passkeySchema,
  registrationSchema,
  requestOptionsSchema,
} from './passkeys-schemas.js'
import { emptySchema, jsonBody, personOperation } from './person-operation.js'

const answerSchema = z.strictObject({ response: assertionSchema }).openapi('PasskeyAnswer')

/** Adds passkeys: signing in with them, proving once more who one is, and a person's own. */
export function addPasskeyRoutes(app: ControlApp, options: ControlOptions): void {
  addSignIn(app, options)
  addStepUp(app, options)
  addMaking(app, options)
  addOwn(app, options)
}

function addSignIn(app: ControlApp, options: ControlOptions): void {
  const { people } = options
  const begin = personOperation(options, 'post', '/v1/auth/passkey/options', {
    operationId: 'beginPasskeySignIn',
    summary: 'Begin a sign-in with a passkey',
    session: false,
    request: jsonBody(emptySchema),
    result: requestOptionsSchema,
  })
  app.openapi(begin, async (c) => {
    const offered = await beginPasskeySignIn(people, pageOrigin(c))
    setCeremony(c, options, offered.ceremony, CEREMONY_SECONDS)
    return c.json({ options: offered.options }, 200)
  })

  const signIn = personOperation(options, 'post', '/v1/auth/passkey', {
    operationId: 'signInWithPasskey',
    summary: 'Sign in with the passkey that answered',
    session: false,
    request: jsonBody(answerSchema),
    result: signInSchema,
  })
  app.openapi(signIn, async (c) => {
    const origin = originOfRequest(c, options, c.get('requestId'))
    const { response } = c.req.valid('json')
    const session = await signInWithPasskey(people, ceremonyToken(c, options), response, origin)
    return c.json(await answerSignIn(c, options, { status: 'signed_in', session }), 200)
  })
}

function addStepUp(app: ControlApp, options: ControlOptions): void {
  const { people } = options
  const begin = personOperation(options, 'post', '/v1/auth/step-up/passkey/options', {
    operationId: 'beginPasskeyStepUp',
    summary: 'Begin to prove once more, with a passkey, who one is',
    session: true,
    request: jsonBody(emptySchema),
    result: requestOptionsSchema,
  })
  app.openapi(begin, async (c) => {
    const offered = await beginPasskeyStepUp(people, c.get('session'), pageOrigin(c))
    setCeremony(c, options, offered.ceremony, CEREMONY_SECONDS)
    return c.json({ options: offered.options }, 200)
  })

  const stepUp = personOperation(options, 'post', '/v1/auth/step-up/passkey', {
    operationId: 'stepUpWithPasskey',
    summary: 'Prove once more who one is, with the passkey that answered',
    session: true,
    request: jsonBody(answerSchema),
    result: sessionSchema,
  })
  app.openapi(stepUp, async (c) => {
    const { response } = c.req.valid('json')
    const live = await stepUpWithPasskey(people, c.get('session'), ceremonyToken(c, options), response)
    clearCeremony(c, options)
    return c.json(await viewSession(people, live), 200)
  })
}

function addMaking(app: ControlApp, options: ControlOptions): void {
  const { people } = options
  const begin = personOperation(options, 'post', '/v1/account/passkeys/options', {
    operationId: 'beginPasskey',
    summary: 'Begin to add a passkey; asks for a recent sign-in',
    session: true,
    request: jsonBody(emptySchema),
    result: creationOptionsSchema,
  })
  app.openapi(begin, async (c) => {
    const offered = await beginPasskey(people, c.get('session'), pageOrigin(c))
    setCeremony(c, options, offered.ceremony, CEREMONY_SECONDS)
    return c.json({ options: offered.options }, 200)
  })

  const add = personOperation(options, 'post', '/v1/account/passkeys', {
    operationId: 'addPasskey',
    summary: 'Add the passkey that the browser made',
    session: true,
    request: jsonBody(
      z.strictObject({ name: personNameSchema, response: registrationSchema }).openapi('AddPasskey'),
    ),
    status: 201,
    result: passkeySchema,
  })
  app.openapi(add, async (c) => {
    const { name, response: credential } = c.req.valid('json')
    const passkey = await addPasskey(people, c.get('session'), ceremonyToken(c, options), {
      name,
      credential,
    })
    clearCeremony(c, options)
    return c.json(passkey, 201)
  })
}

function addOwn(app: ControlApp, options: ControlOptions): void {
  const { people } = options
  const list = personOperation(options, 'get', '/v1/account/passkeys', {
    operationId: 'listPasskeys',
    summary: 'The passkeys that one has',
    session: true,
    result: z.object({ data: z.array(passkeySchema) }),
  })
  app.openapi(list, async (c) => c.json({ data: await listPasskeys(people, c.get('session')) }, 200))

  const remove = personOperation(options, 'delete', '/v1/account/passkeys/{id}', {
    operationId: 'removePasskey',
    summary: 'Remove a passkey; asks for a recent sign-in',
    session: true,
    request: { params: passkeyIdParameter },
    result: z.object({}),
  })
  app.openapi(remove, async (c) => {
    await removePasskey(people, c.get('session'), c.req.valid('param').id)
    return c.json({}, 200)
  })
}

/** The page that asks, as browsers say with every POST. */
function pageOrigin(c: Context): string | null {
  return c.req.header('origin') ?? null
}
