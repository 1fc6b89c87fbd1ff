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
  return (await holdLeases(database, [name], holder, nowMilliseconds, milliseconds)).length > 0
}

/** Gives up every duty of a holder that stops, so that nobody waits for its leases to run out. */
export async function releaseLeases(database: WritableDatabase, holder: string): Promise<void> {
  await database.transact((tx) => tx.deleteFrom('leases').where('holder', '=', holder).execute())
}

/**
 * The same for many duties at once; gives the names of those that are this holder's.
 *
 * @param names without repetitions
 */
export async function holdLeases(
  database: WritableDatabase,
  names: readonly string[],
  holder: string,
  nowMilliseconds: number,
  milliseconds: number,
): Promise<readonly string[]> {
  if (names.length === 0) return []
  const until = nowMilliseconds + milliseconds
  const taken = await database.transact((tx) =>
    tx
      .insertInto('leases')
      // In one order everywhere, so that two nodes never wait for each other.
      .values(names.toSorted().map((name) => ({ name, holder, until_ms: until })))
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet({ holder, until_ms: until })
          .where((row) =>
            row.or([row('leases.holder', '=', holder), row('leases.until_ms', '<', nowMilliseconds)]),
          ),
      )
      .returning(['name', 'holder'])
      .execute(),
  )
  return taken.filter((row) => row.holder === holder).map(({ name }) => name)
}
