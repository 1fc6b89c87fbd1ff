import type { OverlayMapping } from '@bitting/core'
import type { Transport } from './transport.js'
import type { CatalogView } from './views.js'

/** The operations on the catalog in force. */
export class CatalogClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** The sections, permissions and operations in force in the workspace. */
  get(): Promise<CatalogView> {
    return this.#transport.send({ method: 'GET', path: '/v1/catalog' })
  }

  /** Maps operations to permissions in the workspace, in place of what was mapped before. */
  async setOverlay(operations: readonly OverlayMapping[]): Promise<readonly OverlayMapping[]> {
    const path = '/v1/catalog/overlay'
    const answer = await this.#transport.send<{ readonly operations: readonly OverlayMapping[] }>({
      method: 'PUT',
      path,
      body: { operations },
    })
    return answer.operations
  }
}
