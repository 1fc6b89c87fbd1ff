import { decodeBase64, encodeBase64 } from './base64.js'
import { parseSize, peekCheckpoint } from './checkpoint.js'
import { HASH_LENGTH } from './merkle.js'

const FIRST_LINE = 'c2sp.org/tlog-proof@v1'
const EXTRA = 'extra '
const INDEX = 'index '
const HASHES_MAX = 63

/** The proof that an entry stands in a log, to be verified without the log (C2SP tlog-proof). */
export interface TlogProof {
  /** The number of the entry, from 0. */
  readonly index: number
  /** The inclusion proof, 32 bytes each, the sibling of the leaf first. */
  readonly hashes: readonly Uint8Array[]
  /** The signed note of the checkpoint, as the log and its witnesses gave it. */
  readonly checkpoint: string
  /** What an application put beside it: not authenticated by anything. Left out where there is none. */
  readonly extra?: Uint8Array
}

/**
 * The text of a proof, kept in files named `.tlog-proof` (C2SP tlog-proof, "Format"). It says nothing of whether the
 * proof is right.
 *
 * @throws {RangeError} when the checkpoint is no signed checkpoint, the index is not below its size, there are more
 *   than 63 hashes or one has not 32 bytes, or the extra is empty
 */
export function formatTlogProof(proof: TlogProof): string {
  const { index, hashes, checkpoint, extra } = proof
  const header = [
    FIRST_LINE,
    ...(extra === undefined ? [] : [EXTRA + encodeBase64(extra)]),
    INDEX + String(index),
    ...hashes.map(encodeBase64),
  ]
  const text = `${header.join('\n')}\n\n${checkpoint}`
  if (parseTlogProof(text) === null) {
    throw new RangeError('a proof is an index below the size of a signed checkpoint, and hashes of 32 bytes')
  }
  return text
}

/**
 * Takes a proof apart, or returns null where the text is none. Strict: whatever parses is formatted back to the same
 * characters. Nothing is verified: open the checkpoint, then verify the inclusion of the entry's leaf hash in it.
 */
export function parseTlogProof(text: string): TlogProof | null {
  const end = text.indexOf('\n\n')
  const [first, ...lines] = text.slice(0, end).split('\n')
  if (end < 0 || first !== FIRST_LINE) return null
  const extra =
    lines[0]?.startsWith(EXTRA) === true ? decodeBase64(lines.shift()?.slice(EXTRA.length) ?? '') : undefined
  if (extra === null || extra?.length === 0) return null
  const indexLine = lines.shift()
  const index = indexLine?.startsWith(INDEX) === true ? parseSize(indexLine.slice(INDEX.length)) : null
  const hashes = parseHashes(lines)
  const checkpoint = text.slice(end + 2)
  const size = peekCheckpoint(checkpoint)?.size ?? 0
  if (index === null || index >= size || hashes === null) return null
  return { index, hashes, checkpoint, ...(extra !== undefined && { extra }) }
}

function parseHashes(lines: readonly string[]): Uint8Array[] | null {
  if (lines.length > HASHES_MAX) return null
  const hashes: Uint8Array[] = []
  for (const line of lines) {
    const hash = decodeBase64(line)
    if (hash?.length !== HASH_LENGTH) return null
    hashes.push(hash)
  }
  return hashes
}
