import { z } from '@hono/zod-openapi'
import {
  endOwnSession,
  listOwnSessions,
  renameAccount,
  setPassword,
} from '../../../services/people/account.js'
import { viewSession } from '../../../services/people/view-session.js'
import { clearSession } from '../../cookies.js'
import type { ControlApp, ControlOptions } from '../../environment.js'
import { storableText } from '../../schemas.js'
import { jsonBody, personOperation } from './person-operation.js'
import { passwordSchema, personNameSchema, sessionSchema } from './schemas.js'

const ownSessionSchema = z
  .object({
    id: z.string(),
    current: z.boolean(),
    workspace_id: z.string(),
    method: sessionSchema.shape.method,
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    created_at: z.string(),
    last_seen_at: z.string(),
    expires_at: z.string(),
  })
  .openapi('OwnSession')

const sessionIdParameter = z.object({
  id: storableText(64).openapi({ param: { name: 'id', in: 'path' }, example: 'ses_4Zr0qN1b8Xc2D3fG' }),
})

/** Adds what people do to their own account: its name, its password, and where they are signed in. */
export function addAccountRoutes(app: ControlApp, options: ControlOptions): void {
  addProfile(app, options)
  addSessions(app, options)
}

function addProfile(app: ControlApp, options: ControlOptions): void {
  const { people } = options
  const rename = personOperation(options, 'patch', '/v1/account', {
    operationId: 'renameAccount',
    summary: 'Give oneself another name',
    session: true,
    request: jsonBody(z.strictObject({ name: personNameSchema }).openapi('RenameAccount')),
    result: sessionSchema,
  })
  app.openapi(rename, async (c) => {
    const live = await renameAccount(people, c.get('session'), c.req.valid('json').name)
    return c.json(await viewSession(people, live), 200)
  })

  const password = personOperation(options, 'post', '/v1/account/password', {
    operationId: 'setPassword',
    summary: 'Set the password, which ends all other sessions; asks for a recent sign-in',
    session: true,
    request: jsonBody(z.strictObject({ password: passwordSchema }).openapi('SetPassword')),
    result: sessionSchema,
  })
  app.openapi(password, async (c) => {
    const live = await setPassword(people, c.get('session'), c.req.valid('json').password)
    return c.json(await viewSession(people, live), 200)
  })
}

function addSessions(app: ControlApp, options: ControlOptions): void {
  const { people } = options
  const list = personOperation(options, 'get', '/v1/account/sessions', {
    operationId: 'listOwnSessions',
    summary: 'Where one is signed in',
    session: true,
    result: z.object({ data: z.array(ownSessionSchema) }),
  })
  app.openapi(list, async (c) => c.json({ data: await listOwnSessions(people, c.get('session')) }, 200))

  const end = personOperation(options, 'delete', '/v1/account/sessions/{id}', {
    operationId: 'endOwnSession',
    summary: 'Sign out somewhere',
    session: true,
    request: { params: sessionIdParameter },
    result: z.object({}),
  })
  app.openapi(end, async (c) => {
    const { id } = c.req.valid('param')
    await endOwnSession(people, c.get('session'), id)
    if (id === c.get('session').row.id) clearSession(c, options)
    return c.json({}, 200)
  })
}
