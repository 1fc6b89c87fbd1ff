import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  consistencyProof,
  formatTlogProof,
  inclusionProof,
  leafHash,
  nodeHash,
  parseTilePath,
  type NodeReader,
  type TreeNode,
} from '@bitting/core'
import { readEntry } from '../../../server/src/audit/entry.js'
import { exportEntries, type ExportFormat } from '../../../server/src/audit/export.js'
import { sha256 } from '../../../server/src/audit/log-key.js'
import { noteOf, SIGNER, type MadeEntry } from '../../audit/log-fixture.js'

/** A stand-in for the operations on the audit log, over entries that a test may change under it. */
export interface FakeAuditApi {
  readonly url: string
  /** The entries that are shown. */
  entries: MadeEntry[]
  /** The entries that the tree is of; those shown unless a test says otherwise. */
  signed: MadeEntry[] | null
  /** How many of the tree's entries the checkpoint covers; all unless it is told. */
  signedSize: number | null
  /** How many entries retention has deleted. */
  prunedSize: number
  /** Paths with their queries, in order. */
  readonly seen: string[]
  /** Answers 503 to so many requests. */
  unavailable: number
  /** Is called before each answer. */
  onRequest: (path: string) => void
  close(): Promise<void>
}

/** Starts a stand-in on a free port. */
export async function startFakeAuditApi(entries: MadeEntry[]): Promise<FakeAuditApi> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    api.seen.push(url.pathname + url.search)
    api.onRequest(url.pathname)
    if (api.unavailable > 0) {
      api.unavailable--
      return problem(response, 503)
    }
    void answer(api, url, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const api: FakeAuditApi = {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    entries,
    signed: null,
    signedSize: null,
    prunedSize: 0,
    seen: [],
    unavailable: 0,
    onRequest: () => undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return api
}

async function answer(api: FakeAuditApi, url: URL, response: ServerResponse): Promise<void> {
  const tree = (api.signed ?? api.entries).slice(0, api.signedSize ?? undefined)
  const path = url.pathname.slice('/v1/audit'.length)
  const number = (name: string): number => Number(url.searchParams.get(name) ?? Number.NaN)
  const [, index, rest] = /^\/(\d+)(\/tlog-proof)?$/.exec(path) ?? []
  if (path === '') return json(response, listOf(api, url.searchParams))
  if (path === '/export') return exportPart(api, url.searchParams, response)
  if (path === '/checkpoint/key') return text(response, `${SIGNER.verifierKey}\n`)
  if (path === '/checkpoint') return tree.length === 0 ? problem(response, 404) : text(response, noteOf(tree))
  if (path === '/consistency') {
    const [from, to] = [number('from'), number('to')]
    const hashes = await consistencyProof(sha256, from, to, readerOf(tree))
    return json(response, { from, to, hashes: hashes.map((hash) => Buffer.from(hash).toString('base64')) })
  }
  if (path.startsWith('/tile/')) return tile(tree, path, response)
  if (index === undefined || Number(index) >= api.entries.length) return problem(response, 404)
  if (rest === undefined) {
    const { leaf, personal } = api.entries[Number(index)]!
    return json(response, {
      ...readEntry(leaf, personal),
      raw: Buffer.from(leaf).toString('base64'),
      personal: null,
    })
  }
  const hashes = await inclusionProof(sha256, Number(index), tree.length, readerOf(tree))
  text(response, formatTlogProof({ index: Number(index), hashes, checkpoint: noteOf(tree) }))
}

function listOf({ entries, prunedSize }: FakeAuditApi, query: URLSearchParams): unknown {
  const limit = Number(query.get('limit') ?? 50)
  const all = entries.slice(prunedSize).map(({ leaf, personal }) => readEntry(leaf, personal))
  const found = all.filter(({ action }) => action === (query.get('action') ?? action)).reverse()
  const start = Number(query.get('cursor') ?? 0)
  const end = start + limit
  return { data: found.slice(start, end), next_cursor: end < found.length ? String(end) : null }
}

const PAGE_MAX = 5

function exportPart(api: FakeAuditApi, query: URLSearchParams, response: ServerResponse): void {
  const from = Math.max(Number(query.get('from') ?? 0), api.prunedSize)
  const limit = Math.min(Number(query.get('limit') ?? PAGE_MAX), PAGE_MAX)
  const part = api.entries.slice(from, from + limit)
  const entries = part.map(({ leaf, personal }) => ({ entry: readEntry(leaf, personal), leaf, personal }))
  const format = (query.get('format') ?? 'jsonl') as ExportFormat
  if (part.length === limit) response.setHeader('Bitting-Next-Index', String(from + limit))
  text(response, exportEntries(entries, format, query.get('from') === '0'))
}

function tile(tree: readonly MadeEntry[], path: string, response: ServerResponse): void {
  const { level, index, width } = parseTilePath(path.slice(1))!
  const hashes = Array.from({ length: width }, (_, at) =>
    hashOf(tree, { level: Number(level) * 8, index: index * 256 + at }),
  )
  response.end(Buffer.concat(hashes))
}

function readerOf(entries: readonly MadeEntry[]): NodeReader {
  return { read: (nodes) => Promise.resolve(nodes.map((node) => hashOf(entries, node))) }
}

function hashOf(entries: readonly MadeEntry[], { level, index }: TreeNode): Uint8Array {
  if (level === 0) return leafHash(sha256, Buffer.from(entries[index]!.leaf))
  const child = (at: number): Uint8Array => hashOf(entries, { level: level - 1, index: at })
  return nodeHash(sha256, child(index * 2), child(index * 2 + 1))
}

function json(response: ServerResponse, value: unknown): void {
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify(value))
}

function text(response: ServerResponse, value: string): void {
  response.end(value)
}

function problem(response: ServerResponse, status: number): void {
  const code = status === 404 ? 'not_found' : 'not_ready'
  response.writeHead(status, { 'Content-Type': 'application/problem+json' })
  response.end(JSON.stringify({ type: 't', title: code, status, detail: 'It is not there.', code }))
}
