import type { Command } from 'commander'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { writeNewFile } from './new-file.js'

interface CheckpointOptions {
  readonly key?: true
  readonly out?: string
  readonly json?: true
}

/** `bitting audit checkpoint`. */
export function checkpointCommand(context: CommandContext): Command {
  return newDataCommand(context, 'checkpoint', 'Print the newest signed checkpoint of the audit log')
    .option('--key', 'print the key that verifies checkpoints instead')
    .option('--out <file>', 'write it to this new file')
    .action(async ({ key, out, json }: CheckpointOptions) => {
      const client = await openClient(context)
      const text = key === true ? `${await client.audit.verifierKey()}\n` : await client.audit.checkpoint()
      if (out !== undefined) await writeNewFile(out, [text])
      if (json === true) context.output.printJson(key === true ? { key: text.trim() } : { checkpoint: text })
      else if (out === undefined) context.output.printRaw(text)
      else context.output.note(`wrote ${out}`, 'keep it where the owner of the server cannot change it')
    })
}
