import { z } from '@hono/zod-openapi'
import { checkSetupCode, setUp } from '../../services/people/set-up.js'
import type { ControlApp, ControlOptions } from '../environment.js'
import { originOfRequest } from '../origin.js'
import { nameSchema } from '../schemas.js'
import { enter } from './auth/answers.js'
import { jsonBody, personOperation } from './auth/person-operation.js'
import { emailSchema, passwordSchema, sessionSchema } from './auth/schemas.js'

/** Whatever is none opens nothing, and is told no more than that. */
const codeSchema = z.string().max(100)

/** Adds the use of the one-time link of the first start. */
export function addSetupRoutes(app: ControlApp, options: ControlOptions): void {
  addView(app, options)
  addUse(app, options)
}

function addView(app: ControlApp, options: ControlOptions): void {
  const route = personOperation(options, 'post', '/v1/setup/view', {
    operationId: 'viewSetupCode',
    summary: 'Ask whether a one-time code of the first start can still be used',
    session: false,
    request: jsonBody(z.strictObject({ code: codeSchema }).openapi('ViewSetUp')),
    result: z.object({}),
  })
  app.openapi(route, async (c) => {
    await checkSetupCode(
      options.people,
      c.req.valid('json').code,
      originOfRequest(c, options, c.get('requestId')),
    )
    return c.json({}, 200)
  })
}

function addUse(app: ControlApp, options: ControlOptions): void {
  const route = personOperation(options, 'post', '/v1/setup', {
    operationId: 'useSetupCode',
    summary:
      'Use the one-time code of the first start: become the owner of the first workspace, and signed in',
    session: false,
    request: jsonBody(
      z
        .strictObject({
          code: codeSchema,
          email: emailSchema,
          name: nameSchema,
          password: passwordSchema,
          workspace_name: nameSchema.optional(),
        })
        .openapi('SetUp'),
    ),
    status: 201,
    result: sessionSchema,
  })
  app.openapi(route, async (c) => {
    const { workspace_name: workspaceName = 'Default', ...input } = c.req.valid('json')
    const origin = originOfRequest(c, options, c.get('requestId'))
    const session = await setUp(options.people, { ...input, workspaceName }, origin)
    return c.json(await enter(c, options, session), 201)
  })
}
