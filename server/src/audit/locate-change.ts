import { CompactTree, leafHash } from '@bitting/core'
import { sameBytes } from './kept-checkpoints.js'
import { sha256 } from './log-key.js'
import type { LogReport } from './log-report.js'

const CHANGED_MAX = 100

/**
 * Finds which entries are not what was signed, from the hashes that the server still has of what they were.
 *
 * @param leaves the leaves of the log as it is shown, from the last place where it agreed with a checkpoint to the first
 *   where it does not
 * @param stored the hashes of the same leaves from the tiles of the tree
 * @returns the entries, at most 100; null where the stored hashes are not what was signed either, so that they show
 *   nothing
 */
export async function locateChanges(
  { from, to }: NonNullable<LogReport['disagreement']>,
  leaves: AsyncIterable<string>,
  stored: AsyncIterable<Uint8Array>,
): Promise<readonly number[] | null> {
  const tree = new CompactTree(sha256, from.size, from.hashes)
  const changed: number[] = []
  const hashes = stored[Symbol.asyncIterator]()
  for await (const leaf of leaves) {
    const next = await hashes.next()
    if (next.done === true) return null
    if (!sameBytes(leafHash(sha256, Buffer.from(leaf)), next.value) && changed.length < CHANGED_MAX)
      changed.push(tree.size)
    tree.append(next.value)
  }
  return tree.size === to.size && sameBytes(tree.root(), to.root) ? changed : null
}
