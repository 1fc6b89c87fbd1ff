import type { DecisionView } from '@bitting/client'
import { parseAddress } from '@bitting/core'
import { Option, type Command } from 'commander'
import { usageError } from './command-error.js'
import { invalidArgument, newDataCommand } from './command.js'
import { openClient, type CommandContext } from './context.js'
import { EXIT } from './exit-codes.js'
import { parseSecret } from './input.js'
import type { Cell } from './output.js'
import { readTokenFile } from './token-file.js'

interface VerifyOptions {
  readonly method: string
  readonly path: string
  readonly address?: string
  readonly tokenFile?: string
  readonly json?: true
}

/** `bitting verify`. */
export function verifyCommand(context: CommandContext): Command {
  return newDataCommand(context, 'verify', 'Ask whether a token may make a request')
    .requiredOption('--method <method>', 'method of the request', methodArgument)
    .requiredOption('--path <path>', 'path of the request, as it is sent', pathArgument)
    .option('--address <address>', 'where the request comes from', addressArgument)
    .addOption(new Option('--token-file <path>', 'file of the token; without it a pipe, or a hidden prompt'))
    .action(async (options: VerifyOptions) => {
      const token = await readToken(context, options)
      const client = await openClient(context)
      const { method, path, address: ip } = options
      const decision = await client.verify({ token, method, path, ip })
      if (options.json === true) context.output.printJson(decision)
      else context.output.printFields(fieldsOf(decision, options))
      if (!decision.allowed) context.exitCode = EXIT.denied
    })
}

async function readToken({ input, output }: CommandContext, { tokenFile }: VerifyOptions): Promise<string> {
  if (tokenFile !== undefined) return readTokenFile(tokenFile, output)
  const piped = await input.readPipe()
  if (piped !== null) return parseSecret(piped, 'standard input')
  const typed = await input.askSecret('Token')
  if (typed !== null) return parseSecret(typed, 'the answer')
  throw usageError('there is no token', 'pipe it into the command, or name a file with --token-file')
}

type Field = readonly [label: string, ...values: Cell[]]

function fieldsOf(decision: DecisionView, { method, path }: VerifyOptions): Field[] {
  const { allowed, status, code, message, key_id: keyId, operation, required, granted } = decision
  const verdict: Cell = allowed
    ? { text: 'allowed', tone: 'good' }
    : { text: `denied: ${String(status)} ${code}`, tone: 'bad' }
  return [
    ['Decision', verdict, ...(allowed ? [] : [message])],
    ['Request', `${method} ${path}`],
    ...(operation === null ? [] : [['Operation', operation] as const]),
    ...(keyId === null ? [] : [['Key', keyId] as const]),
    ...(required === null ? [] : [['Needed', required] as const]),
    ...(granted === null ? [] : [['Has', granted] as const]),
  ]
}

function methodArgument(text: string): string {
  if (/^[A-Za-z]{1,32}$/.test(text)) return text.toUpperCase()
  throw invalidArgument('Write a method, GET or POST for example.')
}

function pathArgument(text: string): string {
  if (text.startsWith('/')) return text
  throw invalidArgument('Write the path from its first slash, without scheme and host.')
}

function addressArgument(text: string): string {
  if (parseAddress(text) !== null) return text
  throw invalidArgument('Write an IPv4 or IPv6 address.')
}
