import {
  parseRequestTarget,
  ProblemError,
  Principal,
  refusalOf,
  type Decision,
  type Denied,
} from '@bitting/core'
import { z } from '@hono/zod-openapi'
import type { Gatekeeper } from '../../feed/gatekeeper.js'
import type { Workspace } from '../../feed/workspace.js'
import type { ControlApp, ControlOptions } from '../environment.js'
import { operation } from '../operation.js'

const verifySchema = z
  .strictObject({
    token: z.string().max(4096),
    method: z.string().regex(/^[A-Za-z]{1,32}$/, 'must be an HTTP method'),
    path: z.string().max(16_384),
    ip: z.union([z.ipv4(), z.ipv6()], 'must be an IPv4 or IPv6 address').optional(),
  })
  .openapi('VerifyRequest')

const decisionSchema = z
  .object({
    allowed: z.boolean(),
    status: z.number().int().openapi({ description: 'The HTTP status to answer with: 200, 401 or 403' }),
    code: z.string().openapi({ description: '`allowed`, or why not' }),
    message: z.string(),
    key_id: z.string().nullable(),
    operation: z.string().nullable(),
    required: z.string().nullable(),
    granted: z.string().nullable(),
  })
  .openapi('Decision')

type DecisionView = z.infer<typeof decisionSchema>

/** Adds the operation that answers whether a token may make a request. */
export function addVerifyRoute(app: ControlApp, options: ControlOptions): void {
  const route = operation(options, 'post', '/v1/verify', {
    operationId: 'verifyToken',
    summary: 'Ask whether a token of this workspace may make a request; 200 whichever way it goes',
    request: { body: { content: { 'application/json': { schema: verifySchema } }, required: true } },
    result: decisionSchema,
  })
  app.openapi(route, async (c) => {
    const { token, method, path, ip } = c.req.valid('json')
    const target = parseRequestTarget(path)
    if (!target.ok) {
      throw new ProblemError('invalid_target', target.message, {
        errors: [{ field: 'path', message: target.message }],
      })
    }
    const request = { token, method, path: target.path, address: ip ?? null }
    const actor = c.get('actor')
    const decision = decideWithin(options.gatekeeper, actor.workspaceId, request)
    const call = { ...request, userAgent: null, requestId: actor.origin.requestId, via: 'verify' as const }
    const recording = options.calls.record(decision, call)
    await new Promise<void>((resolve) => {
      recording.whenSettled(resolve)
    })
    const view = viewDecision(decision)
    c.header('Cache-Control', 'no-store')
    return c.json(view, 200)
  })
}

/** A key of another workspace is nobody here: its state and its existence are not this caller's business. */
function decideWithin(
  gatekeeper: Gatekeeper,
  workspaceId: string,
  request: { token: string; method: string; path: string; address: string | null },
): Decision<Workspace> {
  const identity = gatekeeper.identify(request.token, request.address)
  const principal = identity instanceof Principal ? identity : identity.principal
  if (principal !== null && principal.workspace.id !== workspaceId) return NOBODY
  return gatekeeper.judge(identity, request)
}

const NOBODY: Denied<Workspace> = {
  outcome: 'denied',
  reason: 'credential_unknown',
  principal: null,
  operation: null,
}

function viewDecision(decision: Decision<Workspace>): DecisionView {
  const operationName = decision.operation?.name ?? null
  if (decision.outcome === 'allowed') {
    return {
      allowed: true,
      status: 200,
      code: 'allowed',
      message: 'The key may make this request.',
      key_id: decision.principal.keyId,
      operation: operationName,
      required: null,
      granted: null,
    }
  }
  const { status, code, message, required, granted } = refusalOf(decision)
  const keyId = decision.principal?.keyId ?? null
  return { allowed: false, status, code, message, key_id: keyId, operation: operationName, required, granted }
}
