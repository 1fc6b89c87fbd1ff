import { useId, type ReactElement, type ReactNode } from 'react'

/** What a card takes. */
export interface CardProps {
  readonly title?: string | undefined
  /** One sentence under the title. */
  readonly description?: ReactNode | undefined
  /** Buttons and links beside the title. */
  readonly actions?: ReactNode | undefined
  readonly children?: ReactNode | undefined
  /** True where a table or list goes from edge to edge. */
  readonly flush?: boolean | undefined
  /** `danger` for what cannot be taken back. */
  readonly tone?: 'plain' | 'danger' | undefined
}

/** One part of a page, a region with its heading. */
export function Card(props: CardProps): ReactElement {
  const { title, description, actions, children, flush = false, tone = 'plain' } = props
  const id = useId()
  return (
    <section
      className="card"
      data-flush={flush || undefined}
      data-tone={tone}
      aria-labelledby={title === undefined ? undefined : id}
    >
      {(title !== undefined || actions !== undefined) && (
        <header className="card-head">
          <div>
            {title !== undefined && <h2 id={id}>{title}</h2>}
            {description !== undefined && <p className="hint">{description}</p>}
          </div>
          {actions !== undefined && <div className="actions">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  )
}
