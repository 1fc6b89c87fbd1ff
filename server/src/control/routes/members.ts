import { z } from '@hono/zod-openapi'
import { listMembers, removeMember, updateMember } from '../../services/people/manage-members.js'
import type { ControlApp, ControlOptions } from '../environment.js'
import { describeMutation, ifMatch, operation } from '../operation.js'
import { pageQuerySchema } from '../schemas.js'
import { roleSchema } from './auth/schemas.js'

const memberSchema = z
  .object({
    id: z.string().openapi({ example: 'usr_4Zr0qN1b8Xc2DkW7' }),
    email: z.string(),
    name: z.string(),
    role: roleSchema,
    second_factor: z.boolean(),
    created_at: z.string(),
    created_by: z.string(),
    last_seen_at: z.string().nullable(),
    version: z.number().int(),
  })
  .openapi('Member')

const memberIdParameter = z.object({
  id: z
    .string()
    .max(64)
    .openapi({ param: { name: 'id', in: 'path' }, example: 'usr_4Zr0qN1b8Xc2DkW7' }),
})

/** Adds the operations on the people of a workspace. */
export function addMemberRoutes(app: ControlApp, options: ControlOptions): void {
  const { context } = options
  const list = operation(options, 'get', '/v1/members', {
    operationId: 'listMembers',
    summary: 'List the people of the workspace, whoever joined last first',
    request: { query: pageQuerySchema },
    result: z
      .object({ data: z.array(memberSchema), next_cursor: z.string().nullable() })
      .openapi('MemberList'),
  })
  app.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid('query')
    const page = { limit, cursor: cursor ?? null }
    return c.json(await listMembers(context, c.get('actor').workspaceId, page), 200)
  })

  const update = operation(options, 'patch', '/v1/members/{id}', {
    operationId: 'updateMember',
    summary: 'Give a member another role; only an owner makes or changes owners, and the last one stays',
    request: {
      params: memberIdParameter,
      body: {
        content: {
          'application/json': { schema: z.strictObject({ role: roleSchema }).openapi('UpdateMember') },
        },
        required: true,
      },
    },
    result: memberSchema,
    problems: [404, 409, 412],
  })
  app.openapi(update, async (c) => {
    const { id } = c.req.valid('param')
    const { role } = c.req.valid('json')
    const updated = await updateMember(context, c.get('actor'), id, role, ifMatch(c))
    describeMutation(c, updated)
    return c.json(updated.result, 200)
  })

  const remove = operation(options, 'delete', '/v1/members/{id}', {
    operationId: 'removeMember',
    summary:
      'Take a person out of the workspace: their sessions here end at once. Keys that they made are identities of their own and stay; see created_by in the list of keys',
    request: { params: memberIdParameter },
    result: memberSchema,
    problems: [404, 409, 412],
  })
  app.openapi(remove, async (c) => {
    const removed = await removeMember(context, c.get('actor'), c.req.valid('param').id, ifMatch(c))
    describeMutation(c, removed)
    return c.json(removed.result, 200)
  })
}
