import { parseTilePath, ProblemError } from '@bitting/core'
import { z } from '@hono/zod-openapi'
import type { Context, TypedResponse } from 'hono'
import {
  bundleProof,
  newestCheckpoint,
  proveConsistency,
  proveInclusion,
  readEntryBundle,
  readTile,
} from '../../audit/proofs.js'
import type { Caller } from '../../audit/actor.js'
import type { ControlApp, ControlEnvironment, ControlOptions } from '../environment.js'
import { operation, textOperation } from '../operation.js'
import { wholeNumber } from '../schemas.js'
import { indexParameter } from './audit.js'

const sizeSchema = wholeNumber(0, Number.MAX_SAFE_INTEGER)
const hashesSchema = z.array(z.string()).openapi({ description: 'Hashes of 32 bytes in base64' })

/** Adds the operations that prove the audit log. They show hashes and signatures and no entry, but for the bundles. */
export function addAuditProofRoutes(app: ControlApp, options: ControlOptions): void {
  addCheckpoint(app, options)
  addProofs(app, options)
  addTiles(app, options)
}

function addCheckpoint(app: ControlApp, options: ControlOptions): void {
  const { database } = options.context
  const checkpoint = textOperation(options, 'get', '/v1/audit/checkpoint', {
    operationId: 'getAuditCheckpoint',
    summary: 'The newest signed checkpoint of the audit log: a C2SP signed note',
    problems: [404],
  })
  app.openapi(checkpoint, async (c) => text(c, await newestCheckpoint(database, c.get('actor').workspaceId)))

  const key = textOperation(options, 'get', '/v1/audit/checkpoint/key', {
    operationId: 'getAuditVerifierKey',
    summary: 'The key that verifies the checkpoints, as C2SP signed-note writes it',
  })
  app.openapi(key, (c) => text(c, `${options.logKeys.signer(c.get('actor').workspaceId).verifierKey}\n`))
}

function addProofs(app: ControlApp, options: ControlOptions): void {
  const { database } = options.context
  const inclusion = operation(options, 'get', '/v1/audit/{index}/proof', {
    operationId: 'proveAuditInclusion',
    summary: 'Prove that an entry is in the tree of a size, by default that of the newest checkpoint',
    request: { params: indexParameter, query: z.strictObject({ size: sizeSchema.optional() }) },
    result: z
      .object({ index: z.number().int(), size: z.number().int(), hashes: hashesSchema })
      .openapi('AuditInclusionProof'),
    problems: [404],
  })
  app.openapi(inclusion, async (c) => {
    const { index } = c.req.valid('param')
    const size = c.req.valid('query').size ?? null
    const proof = await proveInclusion(database, c.get('actor').workspaceId, index, size)
    return c.json({ ...proof, hashes: proof.hashes.map(base64) }, 200)
  })

  const bundle = textOperation(options, 'get', '/v1/audit/{index}/tlog-proof', {
    operationId: 'getAuditProofBundle',
    summary: 'The proof of an entry and the newest checkpoint in one file: a C2SP tlog-proof',
    request: { params: indexParameter },
    problems: [404],
  })
  app.openapi(bundle, async (c) =>
    text(c, await bundleProof(database, c.get('actor').workspaceId, c.req.valid('param').index)),
  )

  const consistency = operation(options, 'get', '/v1/audit/consistency', {
    operationId: 'proveAuditConsistency',
    summary: 'Prove that the tree of one size is the beginning of the tree of another',
    request: { query: z.strictObject({ from: sizeSchema, to: sizeSchema.optional() }) },
    result: z
      .object({ from: z.number().int(), to: z.number().int(), hashes: hashesSchema })
      .openapi('AuditConsistencyProof'),
    problems: [404],
  })
  app.openapi(consistency, async (c) => {
    const { from, to } = c.req.valid('query')
    const proof = await proveConsistency(database, c.get('actor').workspaceId, from, to ?? null)
    return c.json({ ...proof, hashes: proof.hashes.map(base64) }, 200)
  })
}

// C2SP tlog-tiles writes a tile's number three digits a segment, so paths of one tile have several lengths.
const TILE_PATHS = ['{a}', '{a}/{b}', '{a}/{b}/{c}', '{a}/{b}/{c}/{d}'] as const
const TILE_OPERATIONS = ['getAuditTile', 'getAuditTileTwo', 'getAuditTileThree', 'getAuditTileFour'] as const
const segmentSchema = z.string().max(16)

function addTiles(app: ControlApp, options: ControlOptions): void {
  TILE_PATHS.forEach((path, at) => {
    const names = ['level', ...['a', 'b', 'c', 'd'].slice(0, at + 1)]
    const params = Object.fromEntries(
      names.map((name) => [name, segmentSchema.openapi({ param: { name, in: 'path' } })]),
    )
    const tile = textOperation(options, 'get', `/v1/audit/tile/{level}/${path}`, {
      operationId: TILE_OPERATIONS[at] ?? '',
      summary: 'A tile of the tree, or the entries under one, as C2SP tlog-tiles lays them out',
      request: { params: z.object(params) },
      contentTypes: ['application/octet-stream'],
      problems: [404],
    })
    app.openapi(tile, async (c) => {
      const bytes = await tileAt(options, c.get('actor'), c.req.path)
      const headers = { 'Content-Type': 'application/octet-stream' }
      return c.body(new Uint8Array(bytes), 200, headers) as unknown as TypedResponse<string, 200, 'text'>
    })
  })
}

async function tileAt(
  { context, auditReads }: ControlOptions,
  actor: Caller,
  path: string,
): Promise<Uint8Array> {
  const tile = parseTilePath(path.slice('/v1/audit/'.length))
  if (tile === null) throw new ProblemError('not_found', 'This is no path of a tile: see C2SP tlog-tiles.')
  const { level, index, width } = tile
  if (level !== 'entries') return readTile(context.database, actor.workspaceId, level, index, width)
  const bundle = await readEntryBundle(context.database, actor.workspaceId, index, width)
  await auditReads.record(actor, 'getAuditTile', {})
  return bundle
}

function text(c: Context<ControlEnvironment>, body: string): TypedResponse<string, 200, 'text'> {
  return c.text(body, 200, { 'Cache-Control': 'no-store' })
}

function base64(hash: Uint8Array): string {
  return Buffer.from(hash).toString('base64')
}
