import type { WritableDatabase } from '../../storage/database.js'

/** After so long without an attempt nothing is known of it any more, in seconds: a day. */
const ATTEMPTS_SECONDS = 86_400

/** Forgets sessions and ceremonies that are over, and attempts that count no more. The audit log has what happened. */
export async function forgetSignInRecords(database: WritableDatabase, nowSeconds: number): Promise<void> {
  await database.transact(async (tx) => {
    await tx.deleteFrom('sessions').where('expires_at', '<=', nowSeconds).execute()
    await tx.deleteFrom('ceremonies').where('expires_at', '<=', nowSeconds).execute()
    await tx
      .deleteFrom('sign_in_attempts')
      .where('updated_at', '<', nowSeconds - ATTEMPTS_SECONDS)
      .where('blocked_until', '<=', nowSeconds)
      .execute()
  })
}
