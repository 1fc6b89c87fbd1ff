import { randomBase62 } from '@bitting/core'
import type { PeopleContext } from './context.js'
import { textHash } from '../text-hash.js'

/** How long there is to finish what takes more than one request, in seconds: ten minutes, for a trip to an identity provider. */
export const CEREMONY_SECONDS = 600

const TOKEN_LENGTH = 43

/** What takes more than one request. */
export type CeremonyKind =
  'second_factor' | 'passkey_sign_in' | 'passkey_step_up' | 'passkey_add' | 'totp_add' | 'single_sign_on'

/**
 * Begins something that takes more than one request. Returns the token that the browser brings back; what is kept for
 * it is sealed, and good once.
 */
export async function beginCeremony(
  context: PeopleContext,
  kind: CeremonyKind,
  data: Readonly<Record<string, unknown>>,
): Promise<string> {
  const token = randomBase62(TOKEN_LENGTH, context.randomBytes)
  const tokenHash = textHash(token)
  const sealed = context.sealer.seal(Buffer.from(JSON.stringify(data)), sealingContext(tokenHash))
  const now = context.now()
  await context.records.transact(async (tx) => {
    await tx.deleteFrom('ceremonies').where('expires_at', '<=', now).execute()
    await tx
      .insertInto('ceremonies')
      .values({ token_hash: tokenHash, kind, sealed_data: sealed, expires_at: now + CEREMONY_SECONDS })
      .execute()
  })
  return token
}

/** What is kept for a token; null where there is nothing, or it is too late. */
export async function readCeremony<T>(
  context: PeopleContext,
  kind: CeremonyKind,
  token: string | null,
): Promise<T | null> {
  if (token === null) return null
  const tokenHash = textHash(token)
  const row = await context.database.read
    .selectFrom('ceremonies')
    .select('sealed_data')
    .where('token_hash', '=', tokenHash)
    .where('kind', '=', kind)
    .where('expires_at', '>', context.now())
    .executeTakeFirst()
  if (row === undefined) return null
  const plain = context.sealer.open(row.sealed_data, sealingContext(tokenHash))
  return JSON.parse(Buffer.from(plain).toString()) as T
}

/** Ends what a token stands for; false where somebody else just did, so that it counts once. */
export async function endCeremony(context: PeopleContext, token: string): Promise<boolean> {
  const ended = await context.records.transact((tx) =>
    tx
      .deleteFrom('ceremonies')
      .where('token_hash', '=', textHash(token))
      .returning('token_hash')
      .executeTakeFirst(),
  )
  return ended !== undefined
}

function sealingContext(tokenHash: string): string {
  return `ceremony:${tokenHash}`
}
