import type { ReactElement, ReactNode } from 'react'

/** Facts about one thing, each with its name. */
export function DescriptionList({
  items,
}: {
  readonly items: readonly { readonly term: string; readonly detail: ReactNode }[]
}): ReactElement {
  return (
    <dl className="facts">
      {items.map(({ term, detail }) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{detail}</dd>
        </div>
      ))}
    </dl>
  )
}
