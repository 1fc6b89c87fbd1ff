import { AuditClient } from './audit-client.js'
import { CatalogClient } from './catalog-client.js'
import { KeyClient } from './key-client.js'
import { InvitationClient, MemberClient, SignInPolicyClient } from './people-client.js'
import { Transport, type ClientOptions } from './transport.js'
import { UsageClient } from './usage-client.js'
import type { CallerView, DecisionView, NodesView, VerifyTokenRequest } from './views.js'
import { EventClient, WebhookEndpointClient, WebhookKeyClient, WebhookRelayClient } from './webhook-client.js'
import { WorkspaceClient } from './workspace-client.js'

/** The management API, with one management key. Every method rejects with an ApiError or a ConnectionError. */
export class ManagementClient {
  readonly keys: KeyClient
  readonly usage: UsageClient
  readonly workspace: WorkspaceClient
  readonly catalog: CatalogClient
  readonly audit: AuditClient
  readonly members: MemberClient
  readonly invitations: InvitationClient
  readonly signInPolicy: SignInPolicyClient
  readonly webhookKey: WebhookKeyClient
  readonly webhookEndpoints: WebhookEndpointClient
  readonly webhookRelays: WebhookRelayClient
  readonly events: EventClient
  readonly #transport: Transport

  /** @throws {TypeError} when the URL or the key cannot be one; the message shows neither */
  constructor(options: ClientOptions) {
    this.#transport = new Transport(options)
    this.keys = new KeyClient(this.#transport)
    this.usage = new UsageClient(this.#transport)
    this.workspace = new WorkspaceClient(this.#transport)
    this.catalog = new CatalogClient(this.#transport)
    this.audit = new AuditClient(this.#transport)
    this.members = new MemberClient(this.#transport)
    this.invitations = new InvitationClient(this.#transport)
    this.signInPolicy = new SignInPolicyClient(this.#transport)
    this.webhookKey = new WebhookKeyClient(this.#transport)
    this.webhookEndpoints = new WebhookEndpointClient(this.#transport)
    this.webhookRelays = new WebhookRelayClient(this.#transport)
    this.events = new EventClient(this.#transport)
  }

  /** Asks whether a token of the workspace may make a request. */
  verify(request: VerifyTokenRequest): Promise<DecisionView> {
    const secrets = [request.token]
    return this.#transport.send({ method: 'POST', path: '/v1/verify', body: request, secrets })
  }

  /** The management key that asks. */
  whoami(): Promise<CallerView> {
    return this.#transport.send({ method: 'GET', path: '/v1/whoami' })
  }

  /** The nodes that verify, and the revision that each has reached. */
  nodes(): Promise<NodesView> {
    return this.#transport.send({ method: 'GET', path: '/v1/nodes' })
  }
}
