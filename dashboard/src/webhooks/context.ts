import type { Api } from './api.js'

/** What the parts of the page share while one management key is entered and one address is shown. */
export interface Context {
  readonly api: Api
  /** Aborts when the reader goes elsewhere, and when the key is given up: nothing is asked or shown after that. */
  readonly signal: AbortSignal
  /** Tells what was done. It stays until it is dismissed or something else is told. */
  say(text: string): void
}
