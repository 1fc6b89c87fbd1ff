import {
  openCheckpoint,
  parseVerifierKey,
  peekCheckpoint,
  type Checkpoint,
  type NoteCrypto,
} from '@bitting/core'
import { CannotVerifyError, withWebCrypto, type Obstacle } from './web-crypto.js'

/** One thing that was checked in this browser. */
export interface CheckStep {
  readonly id: string
  readonly title: string
  /** What came of it: a hash, a number, or why it fails. */
  readonly detail: string
  /** `open` where this browser cannot tell, `first` where it has nothing to compare with yet. */
  readonly state: 'good' | 'bad' | 'open' | 'first'
}

/** What came of all steps together. */
export interface CheckReport {
  readonly steps: readonly CheckStep[]
  /** `unchecked` where nothing fails and something could not be checked here. */
  readonly verdict: 'proved' | 'failed' | 'unchecked'
}

/** The verdict of steps: one that fails decides. */
export function reportOf(steps: readonly CheckStep[]): CheckReport {
  const has = (state: CheckStep['state']): boolean => steps.some((step) => step.state === state)
  return { steps, verdict: has('bad') ? 'failed' : has('open') ? 'unchecked' : 'proved' }
}

/** Why something cannot be checked in this browser, and what to do. */
export const OBSTACLES: Readonly<Record<Obstacle, string>> = {
  insecure:
    'This page came without TLS, so the browser offers it no cryptography. Use the command line instead.',
  no_ed25519: 'This browser does not know Ed25519 signatures. Use the command line instead.',
}

/**
 * Checks the signature of a checkpoint. The checkpoint is null where it cannot be read or fails.
 *
 * @param workspaceId whose log it has to be
 */
export async function checkSignature(
  note: string,
  verifierKey: string,
  workspaceId: string,
): Promise<{ readonly step: CheckStep; readonly checkpoint: Checkpoint | null }> {
  const step = (state: CheckStep['state'], detail: string): CheckStep => ({
    id: 'signature',
    title: 'The signature of the checkpoint is valid',
    detail,
    state,
  })
  try {
    const opened = await withWebCrypto((crypto) => openWith(crypto, note, verifierKey, workspaceId))
    return typeof opened === 'string'
      ? { step: step('bad', opened), checkpoint: null }
      : { step: step('good', `Ed25519, by ${opened.origin}`), checkpoint: opened }
  } catch (error) {
    if (!(error instanceof CannotVerifyError)) throw error
    return { step: step('open', OBSTACLES[error.obstacle]), checkpoint: peekCheckpoint(note) }
  }
}

/** The checkpoint, or what is wrong with it. */
function openWith(
  crypto: NoteCrypto,
  note: string,
  verifierKey: string,
  workspaceId: string,
): Checkpoint | string {
  const key = parseVerifierKey(crypto.sha256, verifierKey)
  if (key === null) return 'The verifier key is none: its name, id and key do not fit together.'
  const opened = openCheckpoint(note, [key], crypto)
  if (opened === null) return 'This key has not signed this checkpoint.'
  const { origin } = opened.checkpoint
  if (origin !== key.name || origin !== `bitting/${workspaceId}`) return 'The checkpoint is of another log.'
  return opened.checkpoint
}
