import type { WritableDatabase } from './database.js'

/**
 * Says whether a duty is this holder's, and if so keeps it so for a time. Of several nodes one has a duty; when that
 * one is gone the next to ask gets it. Clocks that differ by more than the time can give a duty to two at once, so a
 * duty must bear being done twice.
 */
export async function holdLease(
  database: WritableDatabase,
  name: string,
  holder: string,
  nowMilliseconds: number,
  milliseconds: number,
): Promise<boolean> {
  const until = nowMilliseconds + milliseconds
  const taken = await database.transact((tx) =>
    tx
      .insertInto('leases')
      .values({ name, holder, until_ms: until })
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet({ holder, until_ms: until })
          .where((row) =>
            row.or([row('leases.holder', '=', holder), row('leases.until_ms', '<', nowMilliseconds)]),
          ),
      )
      .returning('holder')
      .executeTakeFirst(),
  )
  return taken?.holder === holder
}

/** Gives up every duty of a holder that stops, so that nobody waits for its leases to run out. */
export async function releaseLeases(database: WritableDatabase, holder: string): Promise<void> {
  await database.transact((tx) => tx.deleteFrom('leases').where('holder', '=', holder).execute())
}
