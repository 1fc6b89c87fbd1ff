import type { ReactElement } from 'react'

/** A token as it can be told apart and not used: its public beginning, and dots for the rest. */
export function KeyHint({ hint }: { readonly hint: string }): ReactElement {
  return (
    <code className="key-hint">
      {hint.replace(/…$/, '')}
      <span aria-hidden="true">••••</span>
    </code>
  )
}
