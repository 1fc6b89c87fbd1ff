import { readFile } from 'node:fs/promises'
import { leafHash, parseTlogProof, verifyInclusion, type AuditEntry, type VerifierKey } from '@bitting/core'
import type { Command } from 'commander'
import { openState } from '../../audit/kept-checkpoints.js'
import { sha256 } from '../../audit/log-key.js'
import { readEntry } from '../../audit/entry.js'
import { CommandError, usageError } from '../command-error.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { EXIT } from '../exit-codes.js'
import { count } from '../text.js'
import { formatExact } from '../times.js'
import { indexArgument } from './audit-arguments.js'
import { actorText, outcomeCell, resourceText } from './entry-text.js'
import { readVerifierKey } from './evidence-files.js'
import { checkpointOf } from './export-log.js'
import { writeNewFile } from './new-file.js'

interface ProveOptions {
  readonly out?: string
  readonly check?: string
  readonly key?: string
  readonly json?: true
}

/** `bitting audit prove`. */
export function proveAuditCommand(context: CommandContext): Command {
  return newDataCommand(context, 'prove', 'Write the proof of an entry, or check one without a server')
    .argument('[index]', 'index of the entry', indexArgument)
    .option('--out <prefix>', 'write <prefix>.entry and <prefix>.tlog-proof')
    .option('--check <prefix>', 'check these two files instead')
    .option('--key <key>', 'verifier key of the log, or a file of it')
    .action(async (index: number | undefined, options: ProveOptions) => {
      const { out, check, key } = options
      if (index !== undefined && out !== undefined && check === undefined) {
        await writeProof(context, index, out, options)
      } else if (index === undefined && out === undefined && check !== undefined && key !== undefined) {
        await checkProof(context, check, await readVerifierKey(key), options)
      } else {
        throw usageError(
          'it is not clear what to do',
          'write `bitting audit prove <index> --out <prefix>`, or `bitting audit prove --check <prefix> --key <key>`',
        )
      }
    })
}

async function writeProof(
  context: CommandContext,
  index: number,
  out: string,
  { json }: ProveOptions,
): Promise<void> {
  const client = await openClient(context)
  const { raw } = await client.audit.get(index)
  // An entry is in the tree a second after it is in the log.
  await checkpointOf(client, index + 1)
  const proof = await client.audit.proofBundle(index)
  const files = { entry: `${out}.entry`, proof: `${out}.tlog-proof` }
  await writeNewFile(files.entry, [Buffer.from(raw, 'base64')])
  await writeNewFile(files.proof, [proof])
  if (json === true) context.output.printJson({ index, ...files })
  else
    context.output.note(
      `wrote ${files.entry} and ${files.proof}`,
      'keep both; `bitting audit prove --check` needs no server',
    )
}

async function checkProof(
  context: CommandContext,
  prefix: string,
  key: VerifierKey,
  { json }: ProveOptions,
): Promise<void> {
  const leaf = await readFile(`${prefix}.entry`)
  const text = await readFile(`${prefix}.tlog-proof`, 'utf8')
  const { entry, size } = openProof(leaf, text, prefix, key)
  if (json === true) {
    context.output.printJson({ proven: true, index: entry.index, size, origin: key.name })
    return
  }
  context.output.printFields([
    ['Proof', { text: 'holds', tone: 'good' }],
    ['Log', `${key.name}, at ${count(size, 'entry', 'entries')}`],
    ['Entry', String(entry.index)],
    ['Time', formatExact(entry.at)],
    ['Actor', actorText(entry)],
    ['Action', entry.action],
    ['Resource', resourceText(entry)],
    ['Outcome', outcomeCell(entry)],
  ])
}

/** @throws {CommandError} when the files do not prove that the entry is in the log of this key */
function openProof(
  leaf: Uint8Array,
  text: string,
  prefix: string,
  key: VerifierKey,
): { readonly entry: AuditEntry; readonly size: number } {
  const proof = parseTlogProof(text)
  if (proof === null) throw notProven(`${prefix}.tlog-proof is no proof`)
  const state = openState(key, { note: proof.checkpoint, source: 'the checkpoint of the proof' })
  if ('flaw' in state) throw notProven(state.flaw)
  const { index, hashes } = proof
  const { size, root } = state
  const claim = { index, size, leafHash: leafHash(sha256, leaf), proof: hashes, root }
  if (!verifyInclusion(sha256, claim)) {
    throw notProven(`the proof does not lead from ${prefix}.entry to the checkpoint: one of them was changed`)
  }
  const entry = parseLeaf(leaf)
  if (entry?.index !== index || `bitting/${entry.workspace}` !== key.name) {
    throw notProven(`${prefix}.entry is in the log at ${String(index)}, and does not say so`)
  }
  return { entry, size }
}

function parseLeaf(leaf: Uint8Array): AuditEntry | null {
  try {
    return readEntry(Buffer.from(leaf).toString('utf8'), null)
  } catch {
    return null
  }
}

function notProven(message: string): CommandError {
  return new CommandError(message, {
    hint: 'nothing is proven; get the entry and its proof again from the server',
    exitCode: EXIT.check_failed,
  })
}
