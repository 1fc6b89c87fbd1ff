import type { Transport } from './transport.js'
import type { UpdateWorkspaceRequest, WorkspaceView } from './views.js'

/** The operations on the workspace of the management key. */
export class WorkspaceClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** The workspace of the key that asks. */
  get(): Promise<WorkspaceView> {
    return this.#transport.send({ method: 'GET', path: '/v1/workspace' })
  }

  /** Changes the workspace; with a version, only if nobody else did since. */
  update(changes: UpdateWorkspaceRequest, version?: number): Promise<WorkspaceView> {
    const secrets = typeof changes.upstream_key === 'string' ? [changes.upstream_key] : []
    return this.#transport.send({ method: 'PATCH', path: '/v1/workspace', body: changes, version, secrets })
  }
}
