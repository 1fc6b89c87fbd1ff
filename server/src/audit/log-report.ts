import type { SignedState } from './kept-checkpoints.js'

/** Something that does not hold. */
export interface Finding {
  /**
   * `malformed` no line of an export; `changed` an entry is other than it was; `workspace` of another log; `missing`,
   * `repeated`, `order` entries that are not in their places; `cut_off` the end is not there; `pruned` and `erased` more
   * was taken away than the log tells of; `signature` a checkpoint that the key did not sign; `fork` checkpoints that
   * the same key signed of different histories; `unproven` a checkpoint that cannot be compared here.
   */
  readonly kind:
    | 'malformed'
    | 'changed'
    | 'workspace'
    | 'missing'
    | 'repeated'
    | 'order'
    | 'cut_off'
    | 'pruned'
    | 'erased'
    | 'signature'
    | 'fork'
    | 'unproven'
  /** In words, without capital and period. */
  readonly message: string
  /** The first and the last entry that it is about, as far as the evidence narrows it; null where it is about none. */
  readonly first: number | null
  readonly last: number | null
}

/** What is known of a log at a size where a checkpoint held. */
export interface TrustedEdge {
  readonly size: number
  /** The roots of the perfect subtrees, largest first. */
  readonly hashes: readonly Uint8Array[]
}

/** What checking a log came to. It is intact where there are no findings. */
export interface LogReport {
  readonly origin: string
  /** How many entries the log has, those that retention deleted included. */
  readonly size: number
  /** The first entry that is there: 0, or how many retention deleted. */
  readonly firstIndex: number
  /** How many entries have lost their personal data. */
  readonly erased: number
  /** How many checkpoints held, kept and exported ones. */
  readonly checkpointsHeld: number
  readonly findings: readonly Finding[]
  /** How many findings there were beside those listed. */
  readonly findingsUnlisted: number
  /** Where the log first disagrees with a checkpoint, and the last place before where it agreed with one. */
  readonly disagreement: { readonly from: TrustedEdge; readonly to: SignedState } | null
}
