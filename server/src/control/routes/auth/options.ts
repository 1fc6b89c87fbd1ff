import { z } from '@hono/zod-openapi'
import type { ControlApp, ControlOptions } from '../../environment.js'
import { onlySingleSignOn } from '../../../services/people/single-sign-on-options.js'
import { passkeysPossible } from '../../../services/people/passkeys.js'
import { personOperation } from './person-operation.js'

const optionsSchema = z
  .object({
    passkeys: z
      .boolean()
      .openapi({ description: 'False where the address is no host name, or is without TLS' }),
    single_sign_on: z
      .object({ workspace_id: z.string(), label: z.string() })
      .nullable()
      .openapi({ description: 'The one workspace with single sign-on; null where there is none or more' }),
  })
  .openapi('SignInOptions')

/** Adds how one can sign in here. */
export function addSignInOptionsRoute(app: ControlApp, options: ControlOptions): void {
  const route = personOperation(options, 'get', '/v1/auth/options', {
    operationId: 'getSignInOptions',
    summary: 'How one can sign in here',
    session: false,
    result: optionsSchema,
  })
  app.openapi(route, async (c) => {
    const { people } = options
    const single_sign_on = await onlySingleSignOn(people)
    return c.json(
      { passkeys: passkeysPossible(people.publicUrl, c.req.header('host') ?? null), single_sign_on },
      200,
    )
  })
}
