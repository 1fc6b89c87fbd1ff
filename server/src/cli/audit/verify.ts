import { access } from 'node:fs/promises'
import { ApiError, type ManagementClient } from '@bitting/client'
import type { VerifierKey } from '@bitting/core'
import { Option, type Command } from 'commander'
import type { FoundCheckpoint } from '../../audit/kept-checkpoints.js'
import { locateChanges } from '../../audit/locate-change.js'
import { readLogLine } from '../../audit/log-line.js'
import type { LogReport } from '../../audit/log-report.js'
import { verifyLog, type ProveConsistency } from '../../audit/verify-log.js'
import { collect, newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { EXIT } from '../exit-codes.js'
import { count } from '../text.js'
import { readCheckpoints, readLines, readVerifierKey } from './evidence-files.js'
import { checkpointOf, exportLines, newExport, storedHashes } from './export-log.js'

interface VerifyOptions {
  readonly key: string
  readonly checkpoint?: readonly string[]
  readonly json?: true
}

/** A report, and which entries changed where the server could tell; null where it was not asked or could not. */
interface Verdict {
  readonly report: LogReport
  readonly located: readonly number[] | null
}

/** `bitting audit verify`. */
export function verifyAuditCommand(context: CommandContext): Command {
  return newDataCommand(
    context,
    'verify',
    'Check that nothing in the audit log was changed, dropped or reordered',
  )
    .argument('[file]', 'a JSONL export; without it, the log of the server')
    .requiredOption('--key <key>', 'verifier key of the log, or a file of it')
    .addOption(
      new Option('--checkpoint <file>', 'checkpoints that you kept; once for each file').argParser(
        collect((text: string) => text),
      ),
    )
    .action(async (file: string | undefined, options: VerifyOptions) => {
      const key = await readVerifierKey(options.key)
      const kept = await readCheckpoints(options.checkpoint ?? [], key)
      if (file !== undefined) await access(file)
      const verdict =
        file === undefined
          ? await verifyServer(await openClient(context), key, kept)
          : { report: await verifyLog(readLines(file), key, kept), located: null }
      if (options.json === true) context.output.printJson(viewOf(verdict))
      else printVerdict(context, verdict, kept.length)
      if (!isIntact(verdict)) context.exitCode = EXIT.check_failed
    })
}

async function verifyServer(
  client: ManagementClient,
  key: VerifierKey,
  kept: readonly FoundCheckpoint[],
): Promise<Verdict> {
  // What the server signs now binds it too: it may not sign on where its entries no longer are what it signed.
  const present = await checkpointOf(client, 0)
  const all =
    present === null ? kept : [...kept, { note: present.note, source: 'the server’s newest checkpoint' }]
  const prove: ProveConsistency = async (from, to) => {
    const { hashes } = await client.audit.proveConsistency(from, to)
    return hashes.map((hash) => Buffer.from(hash, 'base64'))
  }
  const report = await verifyLog(exportLines(client, newExport(0)), key, all, prove)
  return { report, located: await locate(client, report) }
}

/** Asks the server for the hashes of what the entries were. */
async function locate(
  client: ManagementClient,
  { disagreement }: LogReport,
): Promise<readonly number[] | null> {
  if (disagreement === null) return null
  const { from, to } = disagreement
  try {
    return await locateChanges(
      disagreement,
      leavesOf(client, from.size, to.size),
      storedHashes(client, from.size, to.size),
    )
  } catch (error) {
    if (error instanceof ApiError) return null
    throw error
  }
}

async function* leavesOf(
  client: ManagementClient,
  from: number,
  to: number,
): AsyncGenerator<string, void, undefined> {
  for await (const text of exportLines(client, newExport(from))) {
    const line = readLogLine(text)
    if (line.kind !== 'entry' || line.entry.index >= to) return
    yield line.leaf
  }
}

function isIntact({ report }: Verdict): boolean {
  return report.findings.length === 0
}

function viewOf(verdict: Verdict): Record<string, unknown> {
  const { origin, size, firstIndex, erased, checkpointsHeld, findings, findingsUnlisted } = verdict.report
  return {
    intact: isIntact(verdict),
    origin,
    size,
    first_index: firstIndex,
    erased,
    checkpoints_held: checkpointsHeld,
    findings,
    findings_unlisted: findingsUnlisted,
    changed_entries: verdict.located,
  }
}

function printVerdict({ output }: CommandContext, verdict: Verdict, kept: number): void {
  const { origin, size, firstIndex, erased, checkpointsHeld, findings, findingsUnlisted } = verdict.report
  const entries = `${count(size - firstIndex, 'entry', 'entries')}${firstIndex === 0 ? '' : `, behind ${String(firstIndex)} that retention deleted`}`
  const rest = findingsUnlisted === 0 ? [] : [`and ${count(findingsUnlisted, 'more', 'more')}`]
  output.printFields([
    ['Log', origin],
    ['Entries', entries],
    [
      'Checkpoints',
      `${count(checkpointsHeld, 'holds', 'hold')}, of ${String(kept)} kept and those of the log itself`,
    ],
    ...(erased === 0
      ? []
      : [['Erased', `${count(erased, 'entry', 'entries')} without personal data`] as const]),
    ...(isIntact(verdict)
      ? [['Verdict', { text: 'intact', tone: 'good' }] as const]
      : [
          [
            'Verdict',
            { text: 'not intact', tone: 'bad' },
            ...findings.map(({ message }) => message),
            ...rest,
          ] as const,
        ]),
    ...(verdict.located === null ? [] : [['Changed', locatedText(verdict.located)] as const]),
  ])
  if (kept === 0) {
    output.note(
      'no checkpoint was given, so only the log itself vouches for its end',
      'give one that you kept: --checkpoint <file>',
    )
  }
}

function locatedText(located: readonly number[]): string {
  return located.length === 0 ? 'none by the hashes that the server shows now' : `entry ${located.join(', ')}`
}
