import { z } from '@hono/zod-openapi'
import { CEREMONY_SECONDS } from '../../../services/people/ceremonies.js'
import { beginTotp, confirmTotp, removeTotp, renewRecoveryCodes } from '../../../services/people/totp.js'
import { viewSession } from '../../../services/people/view-session.js'
import { ceremonyToken, clearCeremony, setCeremony } from '../../cookies.js'
import type { ControlApp, ControlOptions } from '../../environment.js'
import { emptySchema, jsonBody, personOperation } from './person-operation.js'
import { codeSchema, sessionSchema } from './schemas.js'

const recoveryCodesSchema = z
  .object({ recovery_codes: z.array(z.string()).openapi({ description: 'Shown once; each is good once' }) })
  .openapi('RecoveryCodes')

/** Adds the code generator of a person and the recovery codes for its loss. */
export function addTotpRoutes(app: ControlApp, options: ControlOptions): void {
  addGenerator(app, options)
  addRecoveryCodes(app, options)
}

function addGenerator(app: ControlApp, options: ControlOptions): void {
  const { people } = options
  const begin = personOperation(options, 'post', '/v1/account/totp', {
    operationId: 'beginTotp',
    summary: 'Begin to add a code generator; asks for a recent sign-in',
    session: true,
    request: jsonBody(emptySchema),
    result: z.object({ secret: z.string(), uri: z.string() }).openapi('OfferedTotp'),
  })
  app.openapi(begin, async (c) => {
    const { secret, uri, ceremony } = await beginTotp(people, c.get('session'))
    setCeremony(c, options, ceremony, CEREMONY_SECONDS)
    return c.json({ secret, uri }, 200)
  })

  const confirm = personOperation(options, 'post', '/v1/account/totp/confirm', {
    operationId: 'confirmTotp',
    summary: 'Add the code generator that was begun, with one of its codes',
    session: true,
    request: jsonBody(z.strictObject({ code: codeSchema }).openapi('ConfirmTotp')),
    result: recoveryCodesSchema,
  })
  app.openapi(confirm, async (c) => {
    const { code } = c.req.valid('json')
    const codes = await confirmTotp(people, c.get('session'), ceremonyToken(c, options), code)
    clearCeremony(c, options)
    return c.json({ recovery_codes: codes }, 200)
  })

  const remove = personOperation(options, 'delete', '/v1/account/totp', {
    operationId: 'removeTotp',
    summary: 'Remove the code generator and its recovery codes; asks for a recent sign-in',
    session: true,
    result: sessionSchema,
  })
  app.openapi(remove, async (c) =>
    c.json(await viewSession(people, await removeTotp(people, c.get('session'))), 200),
  )
}

function addRecoveryCodes(app: ControlApp, options: ControlOptions): void {
  const renew = personOperation(options, 'post', '/v1/account/recovery-codes', {
    operationId: 'renewRecoveryCodes',
    summary: 'Get new recovery codes in place of those that are left; asks for a recent sign-in',
    session: true,
    request: jsonBody(emptySchema),
    result: recoveryCodesSchema,
  })
  app.openapi(renew, async (c) =>
    c.json({ recovery_codes: await renewRecoveryCodes(options.people, c.get('session')) }, 200),
  )
}
