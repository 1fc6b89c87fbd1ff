import type { PasskeyView } from '@bitting/client'
import { ProblemError } from '@bitting/core'
import type { Transaction } from 'kysely'
import type { PasskeyRow, UserRow } from '../../storage/people-schema.js'
import type { Schema } from '../../storage/schema.js'
import { formatTime, formatTimeOrNull } from '../keys/record.js'
import { changeCredentials, forgetSecondFactor, requireOwnAccount } from './account-change.js'
import { endCeremony, readCeremony, type CeremonyKind } from './ceremonies.js'
import type { PeopleContext } from './context.js'
import type { LiveSession } from './sessions.js'

/** Whom passkeys are made for (Web Authentication Level 3, Section 4): a host name, and the one page they are used on. */
export interface RelyingParty {
  readonly id: string
  readonly origin: string
}

/** What is kept of a challenge until it is answered. */
export interface Challenge {
  /** In base64url. */
  readonly challenge: string
  /** The session that asked for it; null for a sign-in. */
  readonly sessionId: string | null
}

const IPV4 = /^\d+(?:\.\d+){3}$/
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/

/**
 * The relying party of an installation, from its configuration alone: nothing that a request says can name another. An
 * IP address cannot be one, so a loopback address is known as `localhost`; browsers have passkeys there and on https.
 * Null where there can be none.
 */
export function relyingPartyOf(publicUrl: string): RelyingParty | null {
  const { protocol, hostname, port, origin } = new URL(publicUrl)
  if (LOOPBACK.test(hostname)) {
    return { id: 'localhost', origin: `${protocol}//localhost${port === '' ? '' : `:${port}`}` }
  }
  const isAddress = IPV4.test(hostname) || hostname.startsWith('[')
  return protocol === 'https:' && !isAddress ? { id: hostname, origin } : null
}

/**
 * Says whether there can be passkeys where somebody looks at the sign-in page.
 *
 * @param host the Host of the request. It counts for an installation on loopback alone, which people reach by its
 * address as well; in front of others a proxy may have put its own.
 */
export function passkeysPossible(publicUrl: string, host: string | null): boolean {
  const party = relyingPartyOf(publicUrl)
  if (party === null) return false
  return party.id !== 'localhost' || host === null || new URL(party.origin).host === host
}

/**
 * The relying party, for a page that can have it.
 *
 * @param pageOrigin the Origin of the request, null where it names none. It only serves to tell what to do: what counts
 * is the origin that the browser signs.
 * @throws {ProblemError} state_conflict
 */
export function requireRelyingParty(
  { publicUrl }: Pick<PeopleContext, 'publicUrl'>,
  pageOrigin: string | null,
): RelyingParty {
  const party = relyingPartyOf(publicUrl)
  if (party === null) {
    throw new ProblemError(
      'state_conflict',
      'Passkeys need a host name and https. Have BITTING_PUBLIC_URL name the address that people open, https://keys.example.com for example.',
    )
  }
  if (pageOrigin === null || pageOrigin === 'null' || pageOrigin === party.origin) return party
  throw new ProblemError(
    'state_conflict',
    `Passkeys are made for one host name, which cannot be an IP address. Open ${party.origin} and go on there.`,
  )
}

/** Takes what was kept for a challenge, which is good once, whatever its answer is worth; null where there is nothing. */
export async function takeChallenge(
  context: PeopleContext,
  kind: CeremonyKind,
  token: string | null,
  sessionId: string | null,
): Promise<string | null> {
  const kept = await readCeremony<Challenge>(context, kind, token)
  if (kept?.sessionId !== sessionId || token === null) return null
  return (await endCeremony(context, token)) ? kept.challenge : null
}

/**
 * A person's passkeys, the newest first.
 *
 * @throws {ProblemError} insufficient_scope
 */
export async function listPasskeys(context: PeopleContext, live: LiveSession): Promise<PasskeyView[]> {
  requireOwnAccount(live)
  const rows = await context.database.read
    .selectFrom('passkeys')
    .selectAll()
    .where('user_id', '=', live.user.id)
    .orderBy('created_at', 'desc')
    .orderBy('id')
    .execute()
  return rows.map(viewPasskey)
}

/** A passkey as its person sees it. */
export function viewPasskey(row: PasskeyRow): PasskeyView {
  return {
    id: row.id,
    name: row.name,
    created_at: formatTime(row.created_at),
    last_used_at: formatTimeOrNull(row.last_used_at),
    backed_up: row.backed_up === 1,
  }
}

/**
 * Takes a passkey from a person.
 *
 * @throws {ProblemError} insufficient_scope, step_up_required, not_found for whatever is no passkey of theirs,
 * state_conflict where they have no other way in
 */
export async function removePasskey(context: PeopleContext, live: LiveSession, id: string): Promise<void> {
  await changeCredentials(context, live, async (tx, user) => {
    const removed = await tx
      .deleteFrom('passkeys')
      .where('id', '=', id)
      .where('user_id', '=', user.id)
      .returning('name')
      .executeTakeFirst()
    if (removed === undefined) throw new ProblemError('not_found', 'You have no passkey with this id.')
    if (!(await hasWayIn(tx, user))) {
      throw new ProblemError(
        'state_conflict',
        'This passkey is your only way in. Set a password or add another passkey first.',
      )
    }
    await forgetSecondFactor(tx, user.id)
    return {
      result: null,
      audit: {
        action: 'account.passkey_remove',
        resource: { type: 'user', id: user.id },
        details: { passkey: id },
        personal: { metadata: { name: removed.name } },
      },
    }
  })
}

async function hasWayIn(tx: Transaction<Schema>, user: UserRow): Promise<boolean> {
  if (user.password_hash !== null) return true
  const passkey = await tx
    .selectFrom('passkeys')
    .select('id')
    .where('user_id', '=', user.id)
    .executeTakeFirst()
  if (passkey !== undefined) return true
  const identity = await tx
    .selectFrom('identities')
    .select('subject')
    .where('user_id', '=', user.id)
    .executeTakeFirst()
  return identity !== undefined
}
