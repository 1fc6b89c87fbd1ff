import { createHash, randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { OperationCase } from './operations.js'
import { eventually, type Tenant } from './support.js'

const HASH = /^[0-9A-Za-z+/]{43}=$/

const APPLICATION_ENTRY = {
  action: 'invoice.paid',
  userId: 'user_1',
  resource: 'invoice_1',
  result: 'success',
  metadata: { amount: 12 },
} as const

/** Waits until a checkpoint of a workspace's log covers so many entries, and returns how many it covers. */
export function checkpointOf(tenant: Tenant, sizeMin: number): Promise<number> {
  return eventually(`a checkpoint of ${String(sizeMin)} entries`, async () => {
    const { status, text } = await tenant.call('GET', '/v1/audit/checkpoint')
    const size = Number(text.split('\n')[1])
    return status === 200 && size >= sizeMin ? size : null
  })
}

/** The operations on the audit log by their ids. */
export const AUDIT_OPERATIONS: Readonly<Record<string, OperationCase>> = {
  listAuditEntries: {
    needs: 'audit:read',
    status: 200,
    writes: null,
    records: 'audit.read',
    prepare: async (tenant) => ({ resource: (await tenant.createKey()).id }),
    check: ({ body }, { resource }) => {
      expect(body.data[0]).toMatchObject({ action: 'key.create', resource: { type: 'key', id: resource } })
    },
  },
  getAuditEntry: {
    needs: 'audit:read',
    status: 200,
    writes: null,
    records: 'audit.read',
    prepare: () => Promise.resolve({ params: { index: '0' } }),
    check: ({ body }) => {
      expect(body).toMatchObject({ index: 0, action: 'workspace.create', actor: { type: 'operator' } })
      const leaf = JSON.parse(Buffer.from(body.raw as string, 'base64').toString()) as { personal: string }
      const personal = Buffer.from(body.personal as string, 'base64')
      expect(leaf).toMatchObject({ index: 0, workspace: body.workspace, action: 'workspace.create' })
      expect(createHash('sha256').update(personal).digest('base64')).toBe(leaf.personal)
    },
  },
  exportAuditEntries: {
    needs: 'audit:read',
    status: 200,
    type: 'application/jsonl',
    writes: null,
    records: 'audit.read',
    prepare: () => Promise.resolve({ query: '?limit=2' }),
    check: ({ text, headers }) => {
      const entries = text.trimEnd().split('\n')
      expect(entries.map((line) => JSON.parse(line) as object)).toMatchObject([{ index: 0 }, { index: 1 }])
      expect(headers.get('bitting-next-index')).toBe('2')
    },
  },
  getAuditCheckpoint: {
    needs: 'audit:read',
    status: 200,
    type: 'text/plain',
    writes: null,
    prepare: async (tenant) => {
      await checkpointOf(tenant, 1)
      return {}
    },
    check: ({ text }) => {
      expect(text).toMatch(/^bitting\/ws_\w+\n\d+\n[0-9A-Za-z+/]{43}=\n\n— bitting\/ws_\w+ \S+\n$/)
    },
  },
  getAuditVerifierKey: {
    needs: 'audit:read',
    status: 200,
    type: 'text/plain',
    writes: null,
    prepare: () => Promise.resolve({}),
    check: ({ text }) => {
      expect(text).toMatch(/^bitting\/ws_\w+\+[0-9a-f]{8}\+[0-9A-Za-z+/]{44}\n$/)
    },
  },
  proveAuditInclusion: {
    needs: 'audit:read',
    status: 200,
    writes: null,
    prepare: async (tenant) => {
      await checkpointOf(tenant, 2)
      return { params: { index: '1' }, query: '?size=2' }
    },
    check: ({ body }) => {
      expect(body).toEqual({ index: 1, size: 2, hashes: [expect.stringMatching(HASH)] })
    },
  },
  getAuditProofBundle: {
    needs: 'audit:read',
    status: 200,
    type: 'text/plain',
    writes: null,
    prepare: async (tenant) => {
      await checkpointOf(tenant, 2)
      return { params: { index: '1' } }
    },
    check: ({ text }) => {
      expect(text).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex 1\n/)
    },
  },
  proveAuditConsistency: {
    needs: 'audit:read',
    status: 200,
    writes: null,
    prepare: async (tenant) => {
      await checkpointOf(tenant, 2)
      return { query: '?from=1&to=2' }
    },
    check: ({ body }) => {
      expect(body).toEqual({ from: 1, to: 2, hashes: [expect.stringMatching(HASH)] })
    },
  },
  getAuditTile: {
    needs: 'audit:read',
    status: 200,
    type: 'application/octet-stream',
    writes: null,
    prepare: async (tenant) => {
      // A full tile, which has no width in its path.
      const size = await checkpointOf(tenant, 1)
      if (size < 256) await tenant.call('POST', '/v1/audit', { entries: Array(100).fill(APPLICATION_ENTRY) })
      if (size < 156) await tenant.call('POST', '/v1/audit', { entries: Array(100).fill(APPLICATION_ENTRY) })
      if (size < 56) await tenant.call('POST', '/v1/audit', { entries: Array(100).fill(APPLICATION_ENTRY) })
      await checkpointOf(tenant, 256)
      return { params: { level: '0', a: '000' } }
    },
    check: ({ bytes }) => {
      expect(bytes).toHaveLength(256 * 32)
    },
  },
  getAuditTileTwo: {
    needs: 'audit:read',
    status: 200,
    type: 'application/octet-stream',
    writes: null,
    prepare: async (tenant) => {
      await checkpointOf(tenant, 2)
      return { params: { level: '0', a: '000.p', b: '2' } }
    },
    check: ({ bytes }) => {
      expect(bytes).toHaveLength(2 * 32)
    },
  },
  getAuditTileThree: {
    needs: 'audit:read',
    status: 200,
    writes: null,
    isOutOfReach: true,
    prepare: async (tenant) => {
      // Tile 1000 is of a log with more than 256,000 entries.
      await checkpointOf(tenant, 2)
      return { params: { level: '0', a: 'x001', b: '000.p', c: '2' } }
    },
    check: ({ body }) => {
      expect(body).toMatchObject({ code: 'not_found', detail: 'The tree has no such tile yet.' })
    },
  },
  getAuditTileFour: {
    needs: 'audit:read',
    status: 200,
    writes: null,
    isOutOfReach: true,
    prepare: async (tenant) => {
      // And tile 1,000,000 of one with more than 256,000,000.
      await checkpointOf(tenant, 2)
      return { params: { level: '0', a: 'x001', b: 'x000', c: '000.p', d: '2' } }
    },
    check: ({ body }) => {
      expect(body).toMatchObject({ code: 'not_found', detail: 'The tree has no such tile yet.' })
    },
  },
  recordAuditEntries: {
    needs: 'audit:edit',
    status: 201,
    writes: { action: 'app.invoice.paid', type: 'application', user: 'user_1', changes: false },
    prepare: () => Promise.resolve({ body: APPLICATION_ENTRY, resource: 'invoice_1' }),
    check: ({ body }) => {
      expect(body).toEqual({ index: expect.any(Number) as number, count: 1 })
    },
  },
  eraseAuditData: {
    needs: 'workspace:edit',
    status: 200,
    writes: { action: 'audit.erase', type: 'audit', changes: false, isRepeatable: false },
    prepare: async (tenant) => {
      const userId = `user_${randomUUID()}`
      await tenant.call('POST', '/v1/audit', { ...APPLICATION_ENTRY, userId })
      return { body: { actor: userId }, resource: null }
    },
    check: ({ body }) => {
      expect(body).toEqual({ erased: 1 })
    },
  },
}
