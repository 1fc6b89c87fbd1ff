import { z } from '@hono/zod-openapi'
import { createInvitation, listInvitations, revokeInvitation } from '../../services/people/invitations.js'
import type { ControlApp, ControlOptions } from '../environment.js'
import { describeMutation, operation } from '../operation.js'
import { pageQuerySchema } from '../schemas.js'
import { emailSchema, roleSchema } from './auth/schemas.js'

const invitationSchema = z
  .object({
    id: z.string().openapi({ example: 'inv_4Zr0qN1b8Xc2DkW7' }),
    email: z.string(),
    role: roleSchema,
    state: z.enum(['open', 'accepted', 'revoked', 'expired']),
    created_at: z.string(),
    created_by: z.string(),
    expires_at: z.string(),
  })
  .openapi('Invitation')

/** Adds the operations on invitations to a workspace. */
export function addInvitationRoutes(app: ControlApp, options: ControlOptions): void {
  addListAndRevoke(app, options)
  addCreate(app, options)
}

function addListAndRevoke(app: ControlApp, options: ControlOptions): void {
  const { people } = options
  const list = operation(options, 'get', '/v1/invitations', {
    operationId: 'listInvitations',
    summary: 'List invitations, newest first; accepted, revoked and expired ones too',
    request: { query: pageQuerySchema },
    result: z
      .object({ data: z.array(invitationSchema), next_cursor: z.string().nullable() })
      .openapi('InvitationList'),
  })
  app.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid('query')
    const page = { limit, cursor: cursor ?? null }
    return c.json(await listInvitations(people, c.get('actor').workspaceId, page), 200)
  })

  const revoke = operation(options, 'delete', '/v1/invitations/{id}', {
    operationId: 'revokeInvitation',
    summary: 'End an invitation that nobody has accepted',
    request: {
      params: z.object({
        id: z
          .string()
          .max(64)
          .openapi({ param: { name: 'id', in: 'path' }, example: 'inv_4Zr0qN1b8Xc2DkW7' }),
      }),
    },
    result: invitationSchema,
    problems: [404, 409],
  })
  app.openapi(revoke, async (c) => {
    const revoked = await revokeInvitation(people, c.get('actor'), c.req.valid('param').id)
    describeMutation(c, revoked)
    return c.json(revoked.result, 200)
  })
}

function addCreate(app: ControlApp, options: ControlOptions): void {
  const { people } = options
  const create = operation(options, 'post', '/v1/invitations', {
    operationId: 'createInvitation',
    summary:
      'Invite somebody; the answer holds the link, this once. It is good for a week, and replaces an open one for the same address',
    request: {
      body: {
        content: {
          'application/json': {
            schema: z.strictObject({ email: emailSchema, role: roleSchema }).openapi('CreateInvitation'),
          },
        },
        required: true,
      },
    },
    status: 201,
    result: z
      .object({
        invitation: invitationSchema,
        url: z
          .string()
          .openapi({ description: 'Shown once. Whoever opens it joins as whoever was invited.' }),
      })
      .openapi('InvitationWithLink'),
    problems: [409],
  })
  app.openapi(create, async (c) => {
    const created = await createInvitation(people, c.get('actor'), c.req.valid('json'))
    describeMutation(c, created)
    return c.json(created.result, 201)
  })
}
