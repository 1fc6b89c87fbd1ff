import { ProblemError } from '@bitting/core'
import type { Actor } from '../../audit/actor.js'
import type { ServiceContext } from '../context.js'

/** How long a proof of who somebody is counts as recent, in seconds: ten minutes. */
export const RECENT_SECONDS = 600

/**
 * Refuses a member whose last sign-in is not recent, for acts that an unattended browser must not do. Keys and the
 * operator have no session to be left alone.
 *
 * @throws {ProblemError} step_up_required (RFC 9470 calls it insufficient user authentication)
 */
export function requireRecent(context: Pick<ServiceContext, 'now'>, actor: Actor): void {
  if (actor.type !== 'member' || context.now() - actor.authenticatedAt < RECENT_SECONDS) return
  throw new ProblemError(
    'step_up_required',
    'This asks for a sign-in of the last ten minutes. Prove who you are once more, then repeat it.',
    { members: { max_age_seconds: RECENT_SECONDS } },
  )
}
