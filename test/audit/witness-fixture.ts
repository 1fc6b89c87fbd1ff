import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import {
  cosignatureMessage,
  formatNote,
  formatVerifierKey,
  NOTE_COSIGNATURE,
  noteKeyId,
  parseCheckpoint,
  parseNote,
  verifyConsistency,
} from '@bitting/core'
import { sha256 } from '../../server/src/audit/log-key.js'

/** What was sent, as text. */
export const readAll = async (request: AsyncIterable<Buffer>): Promise<string> => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

/** A witness under test, and what it has seen. */
export interface TestWitness {
  readonly server: Server
  readonly verifierKey: string
  /** The sizes that it cosigned, in order. */
  readonly seen: number[]
  readonly refused: string[]
  conflicts: number
  /** The tree that it cosigned last. */
  state: { size: number; root: Uint8Array }
  /** The time that it signs, since 1970. */
  seconds: number
  /** Runs when it answers that it has seen another size. */
  onConflict: () => void
}

/** A witness as C2SP tlog-witness describes it, for one log that it has not been told of before. */
export function newWitness(): TestWitness {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const bytes = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url')
  const name = 'witness.example/w1'
  const keyId = noteKeyId(sha256, name, NOTE_COSIGNATURE, bytes)
  const witness: TestWitness = {
    verifierKey: formatVerifierKey(name, keyId, NOTE_COSIGNATURE, bytes),
    seen: [],
    refused: [],
    conflicts: 0,
    state: { size: 0, root: sha256(Buffer.alloc(0)) },
    seconds: 1_700_000_000,
    onConflict: () => undefined,
    server: createServer((request, response) => {
      void readAll(request).then((body) => {
        const [status, answer, type] = judge(body)
        response.writeHead(status, { 'content-type': type })
        response.end(answer)
      })
    }),
  }
  const judge = (body: string): [number, string, string] => {
    const [head = '', ...rest] = body.split('\n\n')
    const [old = '', ...proofLines] = head.split('\n')
    const note = rest.join('\n\n')
    const parsed = parseNote(note)
    const checkpoint = parsed === null ? null : parseCheckpoint(parsed.body)
    const oldSize = Number(/^old (\d+)$/.exec(old)?.[1])
    if (checkpoint === null || parsed === null || Number.isNaN(oldSize)) {
      witness.refused.push(body)
      return [400, '', 'text/plain']
    }
    const { state } = witness
    const { size, root } = checkpoint
    const isOther = size === state.size && Buffer.compare(root, state.root) !== 0
    if (oldSize !== state.size || isOther) {
      witness.conflicts++
      witness.onConflict()
      return [409, `${String(state.size)}\n`, 'text/x.tlog.size']
    }
    const proof = proofLines.map((line) => Buffer.from(line, 'base64'))
    const claim = { from: oldSize, to: size, fromRoot: state.root, toRoot: root, proof }
    if (oldSize > 0 && !verifyConsistency(sha256, claim)) {
      witness.refused.push(body)
      return [422, '', 'text/plain']
    }
    witness.state = { size, root: Buffer.from(root) }
    witness.seen.push(size)
    const time = witness.seconds
    const signature = sign(null, cosignatureMessage(time, parsed.body), privateKey)
    const stamp = Buffer.alloc(8)
    stamp.writeBigUInt64BE(BigInt(time))
    const whole = formatNote(parsed.body, [{ name, keyId, signature: Buffer.concat([stamp, signature]) }])
    return [200, whole.slice(parsed.body.length + 1), 'text/plain']
  }
  return witness
}
