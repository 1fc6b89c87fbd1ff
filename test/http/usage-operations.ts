import { expect } from 'vitest'
import type { OperationCase } from './operations.js'

/** The operations on use and on what deserves a look, by their ids. */
export const USAGE_OPERATIONS: Readonly<Record<string, OperationCase>> = {
  getKeyUsage: {
    needs: 'keys:read',
    status: 200,
    writes: null,
    prepare: async (tenant) => {
      const { id } = await tenant.createKey()
      return { params: { id }, resource: id, query: '?since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z' }
    },
    check: ({ body }) => {
      expect(body).toEqual({
        since: '2026-01-01T00:00:00Z',
        until: '2026-01-02T00:00:00Z',
        step: 'hour',
        data: [],
      })
    },
  },
  getUsage: {
    needs: 'keys:read',
    status: 200,
    writes: null,
    prepare: () => Promise.resolve({ query: '?step=day' }),
    check: ({ body }) => {
      expect(body).toMatchObject({ step: 'day', data: expect.any(Array) })
      expect(body.since).toMatch(/T00:00:00Z$/)
    },
  },
  getAttention: {
    needs: 'keys:read',
    status: 200,
    writes: null,
    prepare: async (tenant) => {
      const { id } = await tenant.createKey({ name: 'Opens everything', access: 'full' })
      return { resource: id }
    },
    check: ({ body }, { resource }) => {
      expect(body.counts.unrestricted).toBeGreaterThan(0)
      expect(body.data).toContainEqual(
        expect.objectContaining({ reason: 'unrestricted', key_id: resource, key_name: 'Opens everything' }),
      )
    },
  },
}
