import type { ReactElement } from 'react'

/** What stands in for something until it is there, of the same size, so that nothing moves when it comes. */
export function Skeleton({
  width = '100%',
  height = '1em',
}: {
  /** A length of CSS. */
  readonly width?: string | undefined
  readonly height?: string | undefined
}): ReactElement {
  return <span className="skeleton" style={{ width, height }} aria-hidden="true" />
}

/** Bones for lines of text, the last one shorter. */
export function SkeletonText({ lines = 3 }: { readonly lines?: number }): ReactElement {
  return (
    <div className="skeleton-text" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => (
        <Skeleton key={index} width={index === lines - 1 ? '60%' : '100%'} />
      ))}
    </div>
  )
}
