import { Option } from 'commander'
import { usageError } from '../command-error.js'

/**
 * An option that people expect and that is refused, because the shell's history and every user's list of processes
 * would keep what stands behind it. The refusal does not repeat that. Help does not show the option.
 *
 * @param what what would stand there, in the plural
 * @param instead the option to use
 */
export function refusedOption(flags: string, what: string, instead: string): Option {
  return new Option(flags).hideHelp().argParser(() => {
    throw usageError(
      `${what} are never taken from arguments`,
      `use ${instead}; if it was a credential, replace it: the history of your shell may have it now`,
    )
  })
}
