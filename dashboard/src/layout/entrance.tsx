import type { ReactElement, ReactNode } from 'react'
import { Logo } from '../ui/logo.js'
import { PageHeader } from '../ui/page-header.js'

/** The frame of the pages before the sign-in: one question, and nothing beside it. */
export function Entrance(props: {
  readonly title: string
  readonly description?: ReactNode
  readonly children?: ReactNode
}): ReactElement {
  const { title, description, children } = props
  return (
    <main className="entrance">
      <Logo />
      <div className="entrance-card">
        <PageHeader title={title} description={description} />
        {children}
      </div>
    </main>
  )
}
