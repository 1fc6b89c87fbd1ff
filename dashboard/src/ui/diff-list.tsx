import type { ReactElement, ReactNode } from 'react'

/** One thing that changes. */
export interface Change {
  readonly field: string
  /** Absent where there was nothing. */
  readonly before?: ReactNode | undefined
  /** Absent where nothing is left. */
  readonly after?: ReactNode | undefined
}

/** What changes, from what to what. */
export function DiffList({ changes }: { readonly changes: readonly Change[] }): ReactElement {
  return (
    <dl className="diff">
      {changes.map(({ field, before, after }) => (
        <div key={field}>
          <dt>{field}</dt>
          <dd>
            {before !== undefined && (
              <del>
                <span className="visually-hidden">was </span>
                {before}
              </del>
            )}
            {after !== undefined && (
              <ins>
                <span className="visually-hidden">is </span>
                {after}
              </ins>
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}
