import { refuseTokens } from './argument-secrets.js'
import { isHelp } from './command.js'
import { processContext, type CommandContext } from './context.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { createProgram } from './program.js'
import { reportError } from './report.js'

const LINGER_MILLISECONDS = 500

/** Runs one command line, without the program's name, and returns what the process ends with. */
export async function run(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  try {
    refuseTokens(argv)
    await createProgram(context).parseAsync([...argv], { from: 'user' })
    return context.exitCode
  } catch (error) {
    if (isHelp(error)) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    return reportError(context.output, error)
  }
}

/** Runs the command line of this process. */
export async function main(): Promise<void> {
  // Whoever reads our output may have seen enough: `bitting keys list | head -1` is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed)
  })
  process.exitCode = await run(process.argv.slice(2), processContext())
  // A start that failed half-way may leave a thread or a socket behind; nobody waits for it.
  setTimeout(() => process.exit(), LINGER_MILLISECONDS).unref()
}
