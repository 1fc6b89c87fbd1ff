import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { verifyConsistency, verifyInclusion } from '@bitting/core'
import { describe, expect, it } from 'vitest'

/** Name, index or smaller size, size, root or smaller root, leaf hash or root, proof, whether it is wrong. */
type Row = [string, number, number, number, number, number[], boolean]

/** The vectors of transparency-dev/merkle; `source`, `licence` and `commit` stand in the file. */
const vectors = JSON.parse(readFileSync(new URL('../vectors/merkle.json', import.meta.url), 'utf8')) as {
  values: string[]
  inclusion: Row[]
  consistency: Row[]
}

const sha256 = (data: Uint8Array): Uint8Array => createHash('sha256').update(data).digest()
const bytes = (place: number): Uint8Array => Buffer.from(vectors.values[place]!, 'base64')

describe('the vectors of transparency-dev/merkle', () => {
  it('are all here: 98 of inclusion and 98 of consistency, six good ones in each', () => {
    for (const rows of [vectors.inclusion, vectors.consistency]) {
      expect(new Set(rows.map(([name]) => name)).size).toBe(98)
      expect(rows.filter((row) => !row[6])).toHaveLength(6)
    }
  })

  it.each(vectors.inclusion)('inclusion %s', (_, index, size, root, leaf, proof, wrong) => {
    const claim = { index, size, root: bytes(root), leafHash: bytes(leaf), proof: proof.map(bytes) }
    expect(verifyInclusion(sha256, claim)).toBe(!wrong)
  })

  it.each(vectors.consistency)('consistency %s', (_, from, to, fromRoot, toRoot, proof, wrong) => {
    const claim = { from, to, fromRoot: bytes(fromRoot), toRoot: bytes(toRoot), proof: proof.map(bytes) }
    expect(verifyConsistency(sha256, claim)).toBe(!wrong)
  })
})
