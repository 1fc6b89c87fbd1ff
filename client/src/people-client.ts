import type { Role } from '@bitting/core'
import type {
  CreateInvitationRequest,
  InvitationView,
  InvitationWithLink,
  MemberView,
  SetSignInPolicyRequest,
  SignInPolicyView,
} from './people-views.js'
import { segment, type Transport } from './transport.js'
import type { Page, PageRequest } from './views.js'

const MEMBERS = '/v1/members'
const INVITATIONS = '/v1/invitations'
const POLICY = '/v1/sign-in-policy'

/** The operations on the people of the workspace. */
export class MemberClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Everybody in the workspace, whoever joined last first, asking for page after page. */
  list(): AsyncGenerator<MemberView, void, undefined> {
    return this.#transport.sendPages({ method: 'GET', path: MEMBERS, query: { limit: 100 } })
  }

  /** One page of the people in the workspace, whoever joined last first. */
  listPage(page: PageRequest = {}): Promise<Page<MemberView>> {
    return this.#transport.send({ method: 'GET', path: MEMBERS, query: { ...page } })
  }

  /** Gives a member another role; with a version, only if nobody else changed them since. A key makes no owners. */
  update(id: string, role: Role, version?: number): Promise<MemberView> {
    return this.#transport.send({
      method: 'PATCH',
      path: `${MEMBERS}/${segment(id)}`,
      body: { role },
      version,
    })
  }

  /** Takes a person out: their sessions end at once, keys that they made stay. */
  remove(id: string, version?: number): Promise<MemberView> {
    return this.#transport.send({ method: 'DELETE', path: `${MEMBERS}/${segment(id)}`, version })
  }
}

/** The operations on invitations to the workspace. */
export class InvitationClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Every invitation, newest first, asking for page after page. */
  list(): AsyncGenerator<InvitationView, void, undefined> {
    return this.#transport.sendPages({ method: 'GET', path: INVITATIONS, query: { limit: 100 } })
  }

  /** One page of the invitations, newest first. */
  listPage(page: PageRequest = {}): Promise<Page<InvitationView>> {
    return this.#transport.send({ method: 'GET', path: INVITATIONS, query: { ...page } })
  }

  /** Invites somebody for a week. The link is in the answer, this once; an open one for the same address ends. */
  create(request: CreateInvitationRequest): Promise<InvitationWithLink> {
    return this.#transport.send({ method: 'POST', path: INVITATIONS, body: request })
  }

  /** Ends an invitation that nobody has accepted. */
  revoke(id: string): Promise<InvitationView> {
    return this.#transport.send({ method: 'DELETE', path: `${INVITATIONS}/${segment(id)}` })
  }
}

/** The operations on how people get into the workspace. */
export class SignInPolicyClient {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** The policy in force. */
  get(): Promise<SignInPolicyView> {
    return this.#transport.send({ method: 'GET', path: POLICY })
  }

  /** Replaces the policy; with a version, only if nobody else did since. Asks for a key that has everything. */
  set(policy: SetSignInPolicyRequest, version?: number): Promise<SignInPolicyView> {
    const secret = policy.single_sign_on?.client_secret
    const secrets = secret === undefined ? [] : [secret]
    return this.#transport.send({ method: 'PUT', path: POLICY, body: policy, version, secrets })
  }
}
