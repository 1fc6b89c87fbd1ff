import { useRouterState } from '@tanstack/react-router'
import { useEffect, useRef, type ReactElement, type ReactNode } from 'react'
import { arrival } from '../layout/arrival.js'

/** What the head of a page takes. */
export interface PageHeaderProps {
  readonly title: string
  /** One sentence about the page, or facts about its thing. */
  readonly description?: ReactNode | undefined
  readonly actions?: ReactNode | undefined
  /** Where it is: links to what is above it. */
  readonly breadcrumb?: ReactNode | undefined
  /** A badge beside the title. */
  readonly status?: ReactNode | undefined
  /** True where links of the page change the path and only a part of it: the focus stays with them. */
  readonly keepsFocus?: boolean | undefined
}

/** The head of a page: names the document, and takes the focus when somebody comes from another page. One a page. */
export function PageHeader(props: PageHeaderProps): ReactElement {
  const { title, description, actions, breadcrumb, status, keepsFocus = false } = props
  const heading = useRef<HTMLHeadingElement>(null)
  // Not the address that is being gone to: the page that is left must not take the focus on its way out.
  const pathname = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname })
  const place = keepsFocus ? '' : pathname
  useEffect(() => {
    document.title = `${title} · Bitting`
  }, [title])
  useEffect(() => {
    if (arrival.take()) heading.current?.focus()
  }, [place])
  return (
    <header className="page-head">
      {breadcrumb !== undefined && (
        <nav className="breadcrumb" aria-label="Breadcrumb">
          {breadcrumb}
        </nav>
      )}
      <div className="page-title">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {status}
      </div>
      {actions !== undefined && <div className="actions">{actions}</div>}
      {description !== undefined && <div className="lead">{description}</div>}
    </header>
  )
}
