import type { ConsistencyProofView } from '@bitting/client'
import { decodeBase64, peekCheckpoint, verifyConsistency, type Checkpoint } from '@bitting/core'
import { formatCount, formatNumber } from '../../format.js'
import { checkSignature, OBSTACLES, reportOf, type CheckReport, type CheckStep } from './check.js'
import type { Head } from './queries.js'
import type { SeenHead } from './seen-head.js'
import { CannotVerifyError, withWebCrypto } from './web-crypto.js'

/** What came of checking the newest checkpoint. */
export interface CheckpointReport extends CheckReport {
  /** The head that this browser saw before, for who has to keep both. */
  readonly before: SeenHead | null
}

/**
 * Checks the newest checkpoint: its signature, and that its log begins with the one that this browser saw before.
 *
 * @param seen what this browser kept, null for nothing
 * @param proveConsistency asks the server for the proof that a tree of one size begins that of another
 */
export async function checkCheckpoint(
  { note, verifierKey }: Head,
  workspaceId: string,
  seen: SeenHead | null,
  proveConsistency: (from: number, to: number) => Promise<ConsistencyProofView>,
): Promise<CheckpointReport> {
  const { step: signature, checkpoint } = await checkSignature(note, verifierKey, workspaceId)
  const key = keyStep(verifierKey, seen)
  const steps =
    checkpoint === null
      ? [signature, key]
      : [signature, key, await growthStep(checkpoint, seen, proveConsistency)]
  return { ...reportOf(steps), before: seen }
}

function keyStep(verifierKey: string, seen: SeenHead | null): CheckStep {
  const isSame = seen === null || seen.verifierKey === verifierKey
  return {
    id: 'key',
    title: 'The verifier key is the log’s',
    detail:
      seen === null
        ? 'This browser sees it for the first time. Compare it with somebody who took it elsewhere.'
        : isSame
          ? 'It is the one that this browser saw before.'
          : 'It is another than this browser saw before. The key of a log never changes.',
    state: seen === null ? 'first' : isSame ? 'good' : 'bad',
  }
}

async function growthStep(
  checkpoint: Checkpoint,
  seen: SeenHead | null,
  proveConsistency: (from: number, to: number) => Promise<ConsistencyProofView>,
): Promise<CheckStep> {
  const step = (state: CheckStep['state'], detail: string): CheckStep => ({
    id: 'growth',
    title:
      seen === null
        ? 'There is nothing to compare with yet'
        : 'Nothing under the earlier checkpoint was changed',
    detail,
    state,
  })
  const before = seen === null ? null : peekCheckpoint(seen.note)
  if (before === null)
    return step('first', 'This browser keeps this checkpoint now, and compares the next one with it.')
  if (before.size > checkpoint.size) {
    return step(
      'bad',
      `The log is shorter than it was: ${formatNumber(before.size)} entries before, ${formatNumber(checkpoint.size)} now.`,
    )
  }
  try {
    const hashes =
      before.size === checkpoint.size ? [] : (await proveConsistency(before.size, checkpoint.size)).hashes
    const proof = hashes.map((text) => decodeBase64(text) ?? new Uint8Array())
    const claim = {
      from: before.size,
      to: checkpoint.size,
      fromRoot: before.root,
      toRoot: checkpoint.root,
      proof,
    }
    return (await withWebCrypto(({ sha256 }) => verifyConsistency(sha256, claim)))
      ? step(
          'good',
          `The log begins with the ${formatCount(before.size, 'entry', 'entries')} that this browser saw before.`,
        )
      : step(
          'bad',
          `The log does not begin with the ${formatCount(before.size, 'entry', 'entries')} that this browser saw before.`,
        )
  } catch (error) {
    if (!(error instanceof CannotVerifyError)) throw error
    return step('open', OBSTACLES[error.obstacle])
  }
}
