import type { Parameter } from './parameters.js'

/** What the SQLite thread is started with. */
export interface SqliteThreadOptions {
  readonly path: string
  /** True for the threads that serve reads: SQLite then refuses every write. */
  readonly readOnly: boolean
}

/** What a statement gives back: its rows, or what it changed. */
export type Wanted = 'rows' | 'changes'

/** A statement for the SQLite thread, answered in the order of asking; or the wish that it ends. */
export type SqliteOrder =
  | {
      readonly kind: 'run'
      readonly sql: string
      readonly parameters: readonly Parameter[]
      readonly wanted: Wanted
    }
  | { readonly kind: 'close' }

/** The thread's answer to a statement. */
export type SqliteAnswer =
  | { readonly kind: 'rows'; readonly rows: readonly unknown[] }
  | { readonly kind: 'changes'; readonly changes: number }
  | { readonly kind: 'failure'; readonly code: string; readonly message: string }

/** What the thread says: first that it is ready, then one answer a statement. */
export type SqliteMessage = { readonly kind: 'ready' } | SqliteAnswer
