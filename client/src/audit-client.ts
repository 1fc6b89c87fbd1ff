import { segment, type Transport } from './transport.js'
import type { AuditEntryView, AuditFilter, Page, PageRequest } from './views.js'

/** The operations on the audit log. */
export class AuditClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Every entry that the filter finds, newest first, asking for page after page. */
  list(filter: AuditFilter = {}): AsyncGenerator<AuditEntryView, void, undefined> {
    return this.#transport.sendPages({ method: 'GET', path: '/v1/audit', query: { ...filter, limit: 100 } })
  }

  /** One page of the entries that the filter finds, newest first. */
  listPage(filter: AuditFilter = {}, page: PageRequest = {}): Promise<Page<AuditEntryView>> {
    return this.#transport.send({ method: 'GET', path: '/v1/audit', query: { ...filter, ...page } })
  }

  /** One entry by its place in the log, from 0. */
  get(index: number): Promise<AuditEntryView> {
    return this.#transport.send({ method: 'GET', path: `/v1/audit/${segment(String(index))}` })
  }
}
