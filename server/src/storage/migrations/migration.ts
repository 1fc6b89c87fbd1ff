/** What the engines spell differently in a table's definition; all else is portable SQL. */
export interface SqlTypes {
  readonly engine: 'sqlite' | 'postgres'
  /** A whole number of 64 bits. */
  readonly integer: string
  readonly blob: string
  /** What stands after a table's columns. */
  readonly strict: string
  /** The same for a table that is kept in the order of its primary key, so that its rows are read without seeking. */
  readonly clustered: string
}

/**
 * One step of the schema. A released step is never edited: a change is a new step. Its statements may run again
 * after a crash, on an engine whose transactions do not cover definitions, so each says `if not exists`.
 */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly statements: (types: SqlTypes) => readonly string[]
}
