import { segment, type Transport } from './transport.js'
import type {
  CreateKeyRequest,
  KeyFilter,
  KeyView,
  KeyWithToken,
  Page,
  PageRequest,
  RevokeKeyRequest,
  UpdateKeyRequest,
} from './views.js'

/** What deleting asks for, because it cannot be undone: the version that was seen, or the key's exact name. */
export type DeleteCondition = { readonly version: number } | { readonly confirm: string }

/** The operations on keys. */
export class KeyClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Every key that the filter finds, newest first unless it says otherwise, asking for page after page. */
  list(filter: KeyFilter = {}): AsyncGenerator<KeyView, void, undefined> {
    const query = { ...queryOf(filter), limit: 100 }
    return this.#transport.sendPages({ method: 'GET', path: '/v1/keys', query })
  }

  /** One page of the keys that the filter finds, newest first unless it says otherwise. */
  listPage(filter: KeyFilter = {}, page: PageRequest = {}): Promise<Page<KeyView>> {
    const query = { ...queryOf(filter), ...page }
    return this.#transport.send({ method: 'GET', path: '/v1/keys', query })
  }

  /** One key, whatever its state. */
  get(id: string): Promise<KeyView> {
    return this.#transport.send({ method: 'GET', path: pathOf(id) })
  }

  /** Creates a key. Its token is in the answer, this once. */
  create(request: CreateKeyRequest): Promise<KeyWithToken> {
    return this.#transport.send({ method: 'POST', path: '/v1/keys', body: request, creates: true })
  }

  /** Changes a key; with a version, only if nobody else did since. */
  update(id: string, changes: UpdateKeyRequest, version?: number): Promise<KeyView> {
    return this.#transport.send({ method: 'PATCH', path: pathOf(id), body: changes, version })
  }

  /** Gives a key a new secret; the old one stays valid for the overlap, 0 to 2,592,000 seconds. */
  rotate(id: string, overlapSeconds: number): Promise<KeyWithToken> {
    const body = { overlap_seconds: overlapSeconds }
    return this.#transport.send({ method: 'POST', path: `${pathOf(id)}/rotate`, body, creates: true })
  }

  /** Stops a key until it is resumed. */
  suspend(id: string, reason?: string): Promise<KeyView> {
    return this.#transport.send({ method: 'POST', path: `${pathOf(id)}/suspend`, body: { reason } })
  }

  /** Lets a suspended key work again. */
  resume(id: string, reason?: string): Promise<KeyView> {
    return this.#transport.send({ method: 'POST', path: `${pathOf(id)}/resume`, body: { reason } })
  }

  /** Ends a key for good. */
  revoke(id: string, request: RevokeKeyRequest = {}): Promise<KeyView> {
    return this.#transport.send({ method: 'POST', path: `${pathOf(id)}/revoke`, body: request })
  }

  /** Deletes a key: its digest is destroyed, its record stays listed. */
  delete(id: string, condition: DeleteCondition): Promise<KeyView> {
    const asked = 'version' in condition ? { version: condition.version } : { query: condition }
    return this.#transport.send({ method: 'DELETE', path: pathOf(id), ...asked })
  }
}

function pathOf(id: string): string {
  return `/v1/keys/${segment(id)}`
}

function queryOf({ states, webhook_key, ...same }: KeyFilter): Record<string, string | undefined> {
  return { ...same, state: states?.join(','), webhook_key: webhook_key === true ? 'true' : undefined }
}
