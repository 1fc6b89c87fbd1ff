import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { CommandError } from './command-error.js'
import type { CommandContext } from './context.js'
import { EXIT } from './exit-codes.js'
import { splitAdvice } from './text.js'

/** The words of `--json`, the same at every command. */
const JSON_HELP = 'print JSON for programs, with exact times'

/** A command that writes and fails in the manner of all. */
export function newCommand(context: CommandContext, name: string, description: string): Command {
  const { output } = context
  const command = new Command(name)
  return command
    .description(description)
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => output.printRaw(text),
      writeErr: (text) => output.sayRaw(text),
      // What went wrong is reported once, where all errors are.
      outputError: () => undefined,
    })
    .exitOverride((error) => {
      throw asUsageError(error, command)
    })
}

/** A command with `--json`. */
export function newDataCommand(context: CommandContext, name: string, description: string): Command {
  return newCommand(context, name, description).option('--json', JSON_HELP)
}

/** Gathers the values of an option that may be given more than once, each read on its own. */
export function collect<T>(
  parse: (text: string) => T,
): (text: string, before: readonly T[] | undefined) => T[] {
  return (text, before = []) => [...before, parse(text)]
}

/** An argument's flaw, which the name of the option is put before: what it is not, then what to write. */
export function invalidArgument(advice: string): InvalidArgumentError {
  return new InvalidArgumentError(advice)
}

/** Help was asked for, or shown in place of a missing subcommand: the text is on its way already. */
export function isHelp(error: unknown): error is CommanderError {
  return error instanceof CommanderError
}

function asUsageError(error: CommanderError, command: Command): Error {
  if (error.exitCode === 0 || error.code === 'commander.help') return error
  const [line = '', suggestion] = error.message.replace(/^error: /, '').split('\n(')
  const { message, hint } = splitAdvice(line)
  const guess = suggestion?.replace(/\?\)$/, '?').replace(/^Did/, 'did')
  const help = `\`${commandPath(command)} --help\` shows what can be written`
  return new CommandError(message, { hint: guess ?? hint ?? help, exitCode: EXIT.usage })
}

/** The words that call a command: `bitting keys list`. */
export function commandPath(command: Command): string {
  return command.parent === null ? command.name() : `${commandPath(command.parent)} ${command.name()}`
}
