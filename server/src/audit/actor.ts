import type { Principal } from '@bitting/core'

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

/** Whoever runs the program on the machine that holds its data: the first workspace, and ways back in. */
export interface OperatorActor {
  readonly type: 'operator'
  readonly id: string
  readonly workspaceId: string
  readonly origin: Origin
}

/** Who acts. */
export type Actor = KeyActor | OperatorActor

/** The origin of what is done at the machine itself. */
export const LOCAL_ORIGIN: Origin = { address: null, userAgent: null, requestId: null }

/** The operator acting in a workspace. */
export function operatorOf(workspaceId: string): OperatorActor {
  return { type: 'operator', id: 'operator', workspaceId, origin: LOCAL_ORIGIN }
}
