import type { DenialReason } from './denial.js'
import type { Operation } from './catalog.js'
import type { TableWorkspace } from './active-catalog.js'
import type { Principal } from './principal.js'

/** The request may go through. */
export interface Allowed<W extends TableWorkspace = TableWorkspace> {
  readonly outcome: 'allowed'
  readonly principal: Principal<W>
  /** Null where no catalog maps the request, which only a full key may make. */
  readonly operation: Operation | null
}

/** The request may not go through, and exactly why. */
export interface Denied<W extends TableWorkspace = TableWorkspace> {
  readonly outcome: 'denied'
  readonly reason: DenialReason
  /** Null where the caller did not prove to hold a key. */
  readonly principal: Principal<W> | null
  readonly operation: Operation | null
}

/** The value that says allowed, or denied and exactly why. */
export type Decision<W extends TableWorkspace = TableWorkspace> = Allowed<W> | Denied<W>
