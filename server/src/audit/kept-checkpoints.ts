import { openCheckpoint, parseNote, type VerifierKey } from '@bitting/core'
import { NOTE_CRYPTO } from './log-key.js'

/** A checkpoint that somebody kept, as it was found. */
export interface FoundCheckpoint {
  readonly note: string
  /** Where it was found, in words. */
  readonly source: string
}

/** What a signed checkpoint says of the log. */
export interface SignedState {
  readonly size: number
  readonly root: Uint8Array
  readonly source: string
}

/** The state that a checkpoint of the log of this key signs; otherwise what is wrong with it. */
export function openState(
  key: VerifierKey,
  { note, source }: FoundCheckpoint,
): SignedState | { readonly flaw: string } {
  const opened = openCheckpoint(note, [key], NOTE_CRYPTO)
  if (opened === null) return { flaw: `${source} is not signed by ${key.name} with this key` }
  const { origin, size, root } = opened.checkpoint
  if (origin !== key.name) return { flaw: `${source} is of the log ${origin}, not of ${key.name}` }
  return { size, root, source }
}

/** The checkpoint that a file is, where it is a signed note and nothing else. */
export function checkpointOfFile(text: string, file: string): FoundCheckpoint | null {
  return parseNote(text) === null ? null : { note: text, source: `the checkpoint ${file}` }
}

/**
 * The checkpoint in a line of JSON that has a note as `checkpoint`, as evidence files hold them, also behind
 * `[CHECKPOINT]` in the output of a server.
 *
 * @param source where the line is, in words
 * @returns null where the line is something else, `foreign` where its note names another log
 */
export function checkpointOfLine(
  line: string,
  source: string,
  origin: string,
): FoundCheckpoint | 'foreign' | null {
  const note = noteIn(line)
  if (note === null) return null
  const named = parseNote(note)?.body.split('\n')[0] ?? origin
  return named === origin ? { note, source } : 'foreign'
}

function noteIn(line: string): string | null {
  try {
    const value = JSON.parse(line.replace(/^\[CHECKPOINT\] /, '')) as { readonly checkpoint?: unknown } | null
    return typeof value?.checkpoint === 'string' ? value.checkpoint : null
  } catch {
    return null
  }
}

/** Says whether two roots are the same. Roots are public. */
export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0
}
