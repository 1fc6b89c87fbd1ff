import type { Access, Principal, Role } from '@bitting/core'

/** Where an act came from, for the audit log. */
export interface Origin {
  readonly address: string | null
  readonly userAgent: string | null
  readonly requestId: string | null
}

/** Somebody holding a management key. What they may do is read from the key, never from the request. */
export interface KeyActor {
  readonly type: 'key'
  readonly id: string
  readonly workspaceId: string
  readonly principal: Principal
  readonly origin: Origin
}

/**
 * A person who is signed in, in one workspace. What they may do is their role's, read from the database for the request;
 * a service that grants something reads it again in its transaction.
 */
export interface MemberActor {
  readonly type: 'member'
  /** The person's id. */
  readonly id: string
  readonly workspaceId: string
  readonly role: Role
  readonly access: Access
  readonly sessionId: string
  /** When the person last proved who they are, in whole seconds since 1970 UTC. */
  readonly authenticatedAt: number
  readonly origin: Origin
}

/** Whoever failed to prove who they are: known by where they came from alone. */
export interface AnonymousActor {
  readonly type: 'anonymous'
  readonly id: string
  readonly workspaceId: string
  readonly origin: Origin
}

/** Whoever runs the program on the machine that holds its data: the first workspace, and ways back in. */
export interface OperatorActor {
  readonly type: 'operator'
  readonly id: string
  readonly workspaceId: string
  readonly origin: Origin
}

/** Who calls the management API: a key, or a person in a session. */
export type Caller = KeyActor | MemberActor

/** Who acts. */
export type Actor = Caller | AnonymousActor | OperatorActor

/** The origin of what is done at the machine itself. */
export const LOCAL_ORIGIN: Origin = { address: null, userAgent: null, requestId: null }

/** The operator acting in a workspace. */
export function operatorOf(workspaceId: string): OperatorActor {
  return { type: 'operator', id: 'operator', workspaceId, origin: LOCAL_ORIGIN }
}

/** Somebody unknown, in the workspace whose log tells of it. */
export function anonymousOf(workspaceId: string, origin: Origin): AnonymousActor {
  return { type: 'anonymous', id: 'anonymous', workspaceId, origin }
}
