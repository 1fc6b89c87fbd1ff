import type { ReactElement } from 'react'
import { CopyButton } from './copy-button.js'

/** Lines to read or to paste into a terminal. */
export function CodeBlock({
  code,
  label,
  wrap = false,
}: {
  readonly code: string
  /** What it is: `Command`, `Entry as JSON`. */
  readonly label: string
  readonly wrap?: boolean | undefined
}): ReactElement {
  return (
    <figure className="code-block">
      <figcaption>
        <span>{label}</span>
        <CopyButton iconOnly text={code} label={`Copy: ${label}`} />
      </figcaption>
      <pre tabIndex={0} role="region" aria-label={label} data-wrap={wrap || undefined}>
        <code>{code}</code>
      </pre>
    </figure>
  )
}
