import { parseTilePath, type AuditEntry } from '@bitting/core'
import { segment, type Transport } from './transport.js'
import type {
  ApplicationAuditEntry,
  AuditEntryProofView,
  AuditFilter,
  ConsistencyProofView,
  InclusionProofView,
  Page,
  PageRequest,
} from './views.js'

/** The operations on the audit log. */
export class AuditClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Every entry that the filter finds, newest first, asking for page after page. */
  list(filter: AuditFilter = {}): AsyncGenerator<AuditEntry, void, undefined> {
    return this.#transport.sendPages({ method: 'GET', path: '/v1/audit', query: { ...filter, limit: 100 } })
  }

  /** One page of the entries that the filter finds, newest first. */
  listPage(filter: AuditFilter = {}, page: PageRequest = {}): Promise<Page<AuditEntry>> {
    return this.#transport.send({ method: 'GET', path: '/v1/audit', query: { ...filter, ...page } })
  }

  /** One entry by its place in the log, from 0, with the texts that prove it. */
  get(index: number): Promise<AuditEntryProofView> {
    return this.#transport.send({ method: 'GET', path: `/v1/audit/${segment(String(index))}` })
  }

  /** Records entries of an application's own, all or none. Returns the index of the first. */
  record(
    entries: readonly ApplicationAuditEntry[],
  ): Promise<{ readonly index: number; readonly count: number }> {
    return this.#transport.send({ method: 'POST', path: '/v1/audit', body: { entries }, creates: true })
  }

  /** A part of the log as text, oldest first, and where the next part begins: see `GET /v1/audit/export`. */
  async exportPage(query: {
    readonly format?: 'jsonl' | 'csv' | 'ocsf' | undefined
    readonly from?: number | undefined
    readonly limit?: number | undefined
  }): Promise<{ readonly text: string; readonly next: number | null }> {
    const { headers, body } = await this.#transport.sendRaw({
      method: 'GET',
      path: '/v1/audit/export',
      query,
    })
    const next = headers.get('bitting-next-index')
    return { text: new TextDecoder().decode(body), next: next === null ? null : Number(next) }
  }

  /**
   * A tile of the log's tree, or a bundle of entries, as C2SP tlog-tiles lays them out.
   *
   * @param path as `tilePath` and `entriesPath` give it
   * @throws {TypeError} when it is no such path
   */
  async tile(path: string): Promise<Uint8Array> {
    if (parseTilePath(path) === null) throw new TypeError('a path of a tile is as C2SP tlog-tiles has it')
    return (await this.#transport.sendRaw({ method: 'GET', path: `/v1/audit/${path}` })).body
  }

  /** Proves that an entry is in the tree of a size, by default that of the newest checkpoint. */
  proveInclusion(index: number, size?: number): Promise<InclusionProofView> {
    const path = `/v1/audit/${segment(String(index))}/proof`
    return this.#transport.send({ method: 'GET', path, query: { size } })
  }

  /** Proves that the tree of one size is the beginning of that of another, by default the newest. */
  proveConsistency(from: number, to?: number): Promise<ConsistencyProofView> {
    return this.#transport.send({ method: 'GET', path: '/v1/audit/consistency', query: { from, to } })
  }

  /** The newest checkpoint: a C2SP signed note. */
  checkpoint(): Promise<string> {
    return this.#transport.sendText({ method: 'GET', path: '/v1/audit/checkpoint' })
  }

  /** The key that verifies the log's checkpoints, as C2SP signed-note writes it. */
  async verifierKey(): Promise<string> {
    return (await this.#transport.sendText({ method: 'GET', path: '/v1/audit/checkpoint/key' })).trim()
  }

  /** The proof of one entry as a C2SP tlog-proof, to be kept beside it. */
  proofBundle(index: number): Promise<string> {
    return this.#transport.sendText({ method: 'GET', path: `/v1/audit/${segment(String(index))}/tlog-proof` })
  }

  /** Erases the personal data of the entries of an actor, about a resource, or from an address: exactly one of them. */
  erase(request: {
    readonly actor?: string | undefined
    readonly resource?: string | undefined
    readonly address?: string | undefined
  }): Promise<{ readonly erased: number }> {
    return this.#transport.send({ method: 'POST', path: '/v1/audit/erase', body: request })
  }
}
