import type { SessionView, SignInResult } from '@bitting/client'
import type { Context } from 'hono'
import { CEREMONY_SECONDS } from '../../../services/people/ceremonies.js'
import type { SignIn } from '../../../services/people/sign-in.js'
import { endSession, findSession, type NewSession } from '../../../services/people/sessions.js'
import { viewSession } from '../../../services/people/view-session.js'
import { clearCeremony, sessionToken, setCeremony, setSession } from '../../cookies.js'
import type { ControlEnvironment, ControlOptions } from '../../environment.js'

type PersonContext = Context<ControlEnvironment>

/** Gives the browser a new session in place of the one that it had, and answers with it. */
export async function enter(
  c: PersonContext,
  options: ControlOptions,
  { token, live }: NewSession,
): Promise<SessionView> {
  const before = sessionToken(c, options)
  const old = before === null ? null : await findSession(options.people, before, live.actor.origin)
  if (old !== null) await endSession(options.people, old)
  setSession(c, options, token, live.expiresAt)
  clearCeremony(c, options)
  return viewSession(options.people, live)
}

/** Answers what came of a proof: with a session, or with the wish for a second proof. */
export async function answerSignIn(
  c: PersonContext,
  options: ControlOptions,
  outcome: SignIn,
): Promise<SignInResult> {
  if (outcome.status === 'signed_in') {
    return { status: 'signed_in', session: await enter(c, options, outcome.session) }
  }
  setCeremony(c, options, outcome.ceremony, CEREMONY_SECONDS)
  return { status: 'second_factor' }
}
