import type { KeyView } from '@bitting/client'
import type { CommandContext } from '../context.js'
import { keyTitle } from './key-text.js'

/** The options of commands that change a key. */
export interface ChangeOptions {
  readonly reason?: string
  readonly json?: true
}

/** Says what became of a key: `suspended "CRM sync" (key_…)`. */
export function printChange(
  { output }: CommandContext,
  { json }: Pick<ChangeOptions, 'json'>,
  key: KeyView,
  done: string,
  addition = '',
): void {
  if (json === true) output.printJson(key)
  else output.print(`${done} ${keyTitle(key)}${addition}`)
}
