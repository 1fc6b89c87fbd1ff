import { segment, type Transport } from './transport.js'
import type { AttentionView, UsageFilter, UsageView } from './usage-views.js'

/** How keys are used, and which deserve a look. */
export class UsageClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** How one key was used over time, by permission and level. */
  ofKey(id: string, filter: UsageFilter = {}): Promise<UsageView> {
    return this.#transport.send({
      method: 'GET',
      path: `/v1/keys/${segment(id)}/usage`,
      query: { ...filter },
    })
  }

  /** The same of all keys of the workspace together. */
  ofWorkspace(filter: UsageFilter = {}): Promise<UsageView> {
    return this.#transport.send({ method: 'GET', path: '/v1/usage', query: { ...filter } })
  }

  /** The keys that deserve a look, the gravest first. */
  attention(): Promise<AttentionView> {
    return this.#transport.send({ method: 'GET', path: '/v1/attention' })
  }
}
