import { z } from '@hono/zod-openapi'
import { acceptInvitation, offeredInvitation } from '../../../services/people/invitations-accept.js'
import { findSession } from '../../../services/people/sessions.js'
import { sessionToken } from '../../cookies.js'
import type { ControlApp, ControlOptions } from '../../environment.js'
import { originOfRequest } from '../../origin.js'
import { answerSignIn } from './answers.js'
import { jsonBody, personOperation } from './person-operation.js'
import { linkCodeSchema, passwordSchema, personNameSchema, roleSchema, signInSchema } from './schemas.js'

/** Adds what whoever holds the link of an invitation can do with it. */
export function addInvitationLinkRoutes(app: ControlApp, options: ControlOptions): void {
  const { people } = options
  const view = personOperation(options, 'post', '/v1/auth/invitation/view', {
    operationId: 'viewInvitation',
    summary: 'Look at an invitation that one has the link of',
    session: false,
    request: jsonBody(z.strictObject({ code: linkCodeSchema }).openapi('ViewInvitation')),
    result: z
      .object({
        workspace_name: z.string(),
        email: z.string(),
        role: roleSchema,
        expires_at: z.string(),
        has_account: z.boolean(),
      })
      .openapi('OfferedInvitation'),
  })
  app.openapi(view, async (c) => c.json(await offeredInvitation(people, c.req.valid('json').code), 200))

  const accept = personOperation(options, 'post', '/v1/auth/invitation', {
    operationId: 'acceptInvitation',
    summary:
      'Accept an invitation: with a name and a password for a new account, or signed in to the one with its address',
    session: false,
    request: jsonBody(
      z
        .strictObject({
          code: linkCodeSchema,
          name: personNameSchema.optional(),
          password: passwordSchema.optional(),
        })
        .openapi('AcceptInvitation'),
    ),
    result: signInSchema,
  })
  app.openapi(accept, async (c) => {
    const { code, name = null, password = null } = c.req.valid('json')
    const origin = originOfRequest(c, options, c.get('requestId'))
    const token = sessionToken(c, options)
    const live = token === null ? null : await findSession(people, token, origin)
    const outcome = await acceptInvitation(people, { code, name, password }, live, origin)
    return c.json(await answerSignIn(c, options, outcome), 200)
  })
}
