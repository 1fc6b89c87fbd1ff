/**
 * The rules of what the command line asks:
 *
 * - Whoever has to answer is asked at the terminal itself, so that standard input and output can be redirected.
 * - Without a terminal nothing is asked: the command says which option answers instead.
 * - A token comes from a hidden prompt, a file or standard input. Never from an argument, which the shell's history
 *   and every user's list of processes would keep.
 */
import { closeSync, openSync } from 'node:fs'
import { ReadStream, WriteStream } from 'node:tty'
import type * as Prompts from '@clack/prompts'
import { CommandError, usageError } from './command-error.js'
import { WIDTH_UNKNOWN } from './output.js'
import { printable } from './text.js'

/** Asks people and reads pipes. Answers are null where there is no terminal to ask at. */
export interface Input {
  /** A text that is not shown while it is typed. */
  askSecret(question: string): Promise<string | null>
  askText(question: string): Promise<string | null>
  /** Yes or no; no is what the Enter key means. */
  askConsent(question: string): Promise<boolean | null>
  /**
   * What is piped into the command, null where standard input is a terminal.
   *
   * @param bytesMax more is an error; without it as much as a token may have
   */
  readPipe(bytesMax?: number): Promise<string | null>
}

/** Standard input, or what a test puts in its place. */
export interface InputStream extends AsyncIterable<unknown> {
  readonly isTTY?: boolean
}

const TOKEN_BYTES_MAX = 16_384

interface Terminal {
  readonly input: ReadStream
  readonly output: WriteStream
  close(): void
}

/** Asks at the terminal of this process, and reads its standard input. */
export function createInput(stdin: InputStream): Input {
  return {
    askSecret: (question) => ask(question, ({ password }, options) => password(options)),
    askText: (question) => ask(question, ({ text }, options) => text(options)),
    askConsent: (question) =>
      ask(question, ({ confirm }, options) => confirm({ ...options, initialValue: false })),
    readPipe: (bytesMax = TOKEN_BYTES_MAX) => readPipe(stdin, bytesMax),
  }
}

/**
 * A token or key as it was typed, piped or kept in a file: one line, without the line's end.
 *
 * @throws {CommandError} when it is empty or more than that
 */
export function parseSecret(text: string, source: string): string {
  const secret = text.replace(/\r?\n$/, '').trim()
  if (secret === '') throw usageError(`${source} is empty`, 'it should hold a token, on one line')
  if (/\s/.test(secret)) throw usageError(`${source} has more than one word`, 'it should hold a token alone')
  return secret
}

interface PromptOptions {
  readonly message: string
  readonly input: ReadStream
  readonly output: WriteStream
  readonly withGuide: false
}

async function ask<T>(
  question: string,
  prompt: (prompts: typeof Prompts, options: PromptOptions) => Promise<T>,
): Promise<Exclude<T, symbol> | null> {
  const terminal = openTerminal()
  if (terminal === null) return null
  try {
    const prompts = await import('@clack/prompts')
    const { input, output } = terminal
    const answer = await prompt(prompts, { message: printable(question), input, output, withGuide: false })
    if (typeof answer === 'symbol') throw new CommandError('cancelled; nothing was changed')
    return answer as Exclude<T, symbol>
  } finally {
    terminal.close()
  }
}

/** The terminal of this process, wherever its standard streams lead. */
function openTerminal(): Terminal | null {
  const [inputPath, outputPath] =
    process.platform === 'win32' ? ['CONIN$', 'CONOUT$'] : ['/dev/tty', '/dev/tty']
  const inputFile = tryOpen(inputPath, 'r')
  if (inputFile === null) return null
  const outputFile = tryOpen(outputPath, 'w')
  if (outputFile === null) {
    closeSync(inputFile)
    return null
  }
  const input = new ReadStream(inputFile)
  const output = new WriteStream(outputFile)
  if (output.columns === 0) output.columns = WIDTH_UNKNOWN
  return {
    input,
    output,
    close: () => {
      input.destroy()
      output.destroy()
    },
  }
}

function tryOpen(path: string, flags: string): number | null {
  try {
    return openSync(path, flags)
  } catch {
    return null
  }
}

async function readPipe(stdin: InputStream, bytesMax: number): Promise<string | null> {
  if (stdin.isTTY === true) return null
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stdin) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk))
    length += bytes.length
    if (length > bytesMax) {
      throw usageError('standard input is too long', 'pipe what the command asks for, and nothing else')
    }
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}
