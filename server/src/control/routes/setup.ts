import { createRoute, z } from '@hono/zod-openapi'
import { useSetupCode } from '../../services/setup.js'
import type { ControlApp, ControlOptions } from '../environment.js'
import { problemSchema } from '../schemas.js'

/** Adds the one operation that asks for no key: using the one-time code of the first start. */
export function addSetupRoute(app: ControlApp, options: ControlOptions): void {
  const route = createRoute({
    method: 'post',
    path: '/v1/setup',
    operationId: 'useSetupCode',
    summary: 'Use the one-time code of the first start; the answer holds a management key, this once',
    security: [],
    request: {
      body: {
        content: {
          'application/json': { schema: z.strictObject({ code: z.string().max(100) }).openapi('SetupCode') },
        },
        required: true,
      },
    },
    responses: {
      201: {
        description: 'Done',
        content: {
          'application/json': {
            schema: z
              .object({ workspace_id: z.string(), management_key: z.string() })
              .openapi('NewWorkspace'),
          },
        },
      },
      401: {
        description: 'The code was used or replaced',
        content: { 'application/problem+json': { schema: problemSchema } },
      },
    },
  })
  app.openapi(route, async (c) => {
    const { code } = c.req.valid('json')
    const { workspaceId, managementKey } = await useSetupCode(options.context, options.database, code)
    c.header('Cache-Control', 'no-store')
    return c.json({ workspace_id: workspaceId, management_key: managementKey }, 201)
  })
}
