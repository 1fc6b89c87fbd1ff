import { Option, type Command } from 'commander'
import { usageError } from '../command-error.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { count } from '../text.js'
import { indexArgument } from './audit-arguments.js'
import { exportLines, exportParts, newExport, type ExportedLog } from './export-log.js'
import { writeNewFile } from './new-file.js'

interface ExportOptions {
  readonly format: 'jsonl' | 'csv' | 'ocsf'
  readonly from: number
  readonly out?: string
  readonly force?: true
  readonly json?: true
}

/** `bitting audit export`. */
export function exportAuditCommand(context: CommandContext): Command {
  return newDataCommand(context, 'export', 'Write the audit log out, oldest entry first')
    .addOption(
      new Option('--format <format>', 'jsonl can be verified; csv and ocsf are for reading')
        .choices(['jsonl', 'csv', 'ocsf'])
        .default('jsonl'),
    )
    .addOption(new Option('--from <index>', 'begin at this entry').argParser(indexArgument).default(0))
    .option('--out <file>', 'write this new file, for its owner alone to read')
    .option('--force', 'overwrite the file')
    .action(async (options: ExportOptions) => {
      if (options.out === undefined && options.json === true) {
        throw usageError(
          '--json tells of a file that was written',
          'add --out; --format ocsf and jsonl are JSON',
        )
      }
      await exportLog(context, options)
    })
}

async function exportLog(context: CommandContext, options: ExportOptions): Promise<void> {
  const { output } = context
  const { format, from, out, force, json } = options
  const client = await openClient(context)
  const progress = newExport(from)
  const parts =
    format === 'jsonl' ? terminated(exportLines(client, progress)) : exportParts(client, format, from)
  if (out === undefined) {
    for await (const part of parts) output.printRaw(part)
  } else {
    await writeNewFile(out, parts, force === true)
  }
  if (format === 'jsonl') warnOfUncovered(context, progress)
  if (json === true) output.printJson({ file: out, format, ...(format === 'jsonl' && summaryOf(progress)) })
  else if (out !== undefined) {
    const what = format === 'jsonl' ? count(progress.entries, 'entry', 'entries') : 'the log'
    output.note(`wrote ${what} to ${out}`)
  }
}

function warnOfUncovered({ output }: CommandContext, { nextIndex, checkpointSize }: ExportedLog): void {
  if (checkpointSize !== null && checkpointSize >= nextIndex) return
  const covered =
    checkpointSize === null ? 'no checkpoint' : `no checkpoint beyond entry ${String(checkpointSize - 1)}`
  output.warn(
    `the server has signed ${covered}, so the newest entries are not proven`,
    'its log says why it does not sign; `bitting audit verify` looks at the entries',
  )
}

function summaryOf({
  entries,
  firstIndex,
  nextIndex,
  checkpointSize,
}: ExportedLog): Record<string, number | null> {
  return { entries, first_index: firstIndex, next_index: nextIndex, checkpoint_size: checkpointSize }
}

async function* terminated(lines: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  for await (const line of lines) yield `${line}\n`
}
