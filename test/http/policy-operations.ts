import { expect } from 'vitest'
import type { OperationCase } from './operations.js'

const POLICY = {
  password: true,
  passkey: true,
  require_second_factor: false,
  session_hours: 8,
  idle_minutes: 60,
  single_sign_on: null,
} as const

/** The operations on how people get into a workspace by their ids. */
export const POLICY_OPERATIONS: Readonly<Record<string, OperationCase>> = {
  getSignInPolicy: {
    needs: 'members:read',
    status: 200,
    writes: null,
    prepare: () => Promise.resolve({}),
    check: ({ body, headers }) => {
      expect(body).toMatchObject({ password: true, passkey: true, single_sign_on: null })
      expect(headers.get('etag')).toBe(`"${String(body.version)}"`)
    },
  },
  setSignInPolicy: {
    needs: 'members:edit',
    asksForEverything: true,
    status: 200,
    writes: { action: 'sign_in_policy.set', type: 'workspace', changes: false, isRepeatable: false },
    prepare: (tenant) => Promise.resolve({ body: POLICY, resource: tenant.id }),
    check: ({ body, headers }) => {
      expect(body).toMatchObject(POLICY)
      expect(headers.get('etag')).toBe(`"${String(body.version)}"`)
    },
  },
}
