import { z } from '@hono/zod-openapi'
import { AttentionAnswers } from '../../services/usage/attention-answers.js'
import { ATTENTION_REASONS } from '../../services/usage/attention-rules.js'
import { getKeyUsage, getUsage } from '../../services/usage/read-usage.js'
import type { ControlApp, ControlOptions } from '../environment.js'
import { operation } from '../operation.js'
import { keyIdParameter, timeSchema } from '../schemas.js'

const rangeSchema = z.strictObject({
  since: timeSchema.optional().openapi({ description: 'Seven days before the end unless it is told' }),
  until: timeSchema.optional().openapi({ description: 'Now unless it is told' }),
  step: z.enum(['hour', 'day']).optional().openapi({
    description:
      '`hour` for up to eight days, else `day`, unless it is told; 31 days at most by the hour, else 400',
  }),
})

const usageSchema = z
  .object({
    since: z.string().openapi({ description: 'The beginning of the first span, in UTC' }),
    until: z.string(),
    step: z.enum(['hour', 'day']),
    data: z.array(
      z.object({
        at: z.string().openapi({ description: 'The beginning of the span, in UTC' }),
        permission: z.string().openapi({
          description:
            'A permission; `any` for operations that every live key may call, `unmapped` for what no catalog maps, `refused` for what a key was refused for its state or the address, before it was known what for',
        }),
        level: z.enum(['read', 'edit']),
        allowed: z.number().int(),
        denied: z.number().int(),
      }),
    ),
  })
  .openapi('Usage')

const reasonSchema = z.enum(ATTENTION_REASONS)

const attentionSchema = z
  .object({
    counts: z.record(reasonSchema, z.number().int()),
    data: z.array(
      z.object({
        reason: reasonSchema,
        key_id: z.string(),
        key_name: z.string(),
        facts: z.record(z.string(), z.unknown()),
      }),
    ),
    live_keys: z.number().int(),
    computed_at: z.string().openapi({
      description: 'As of when, in UTC; an answer is kept for 60 seconds while no key changes',
    }),
  })
  .openapi('Attention')

/** Adds the operations on what keys are used for, and which deserve a look. */
export function addUsageRoutes(app: ControlApp, options: ControlOptions): void {
  const { context } = options
  const answers = new AttentionAnswers(context)
  const keyUsage = operation(options, 'get', '/v1/keys/{id}/usage', {
    operationId: 'getKeyUsage',
    summary: 'How a key was used over time, by permission and level',
    request: { params: keyIdParameter, query: rangeSchema },
    result: usageSchema,
    problems: [404],
  })
  app.openapi(keyUsage, async (c) => {
    const { id } = c.req.valid('param')
    const usage = await getKeyUsage(context, c.get('actor').workspaceId, id, c.req.valid('query'))
    return c.json({ ...usage, data: [...usage.data] }, 200)
  })

  const usage = operation(options, 'get', '/v1/usage', {
    operationId: 'getUsage',
    summary: 'How all keys of the workspace together were used over time',
    request: { query: rangeSchema },
    result: usageSchema,
  })
  app.openapi(usage, async (c) => {
    const { data, ...rest } = await getUsage(context, c.get('actor').workspaceId, c.req.valid('query'))
    return c.json({ ...rest, data: [...data] }, 200)
  })

  const attention = operation(options, 'get', '/v1/attention', {
    operationId: 'getAttention',
    summary: 'The keys that deserve a look, and why; up to 200 of them, the gravest first',
    result: attentionSchema,
  })
  app.openapi(attention, async (c) => {
    const { data, ...rest } = await answers.get(c.get('actor').workspaceId)
    // It is kept here, where a change of a key ends it, and nowhere else.
    c.header('Cache-Control', 'private, no-store')
    return c.json({ ...rest, data: [...data] }, 200)
  })
}
