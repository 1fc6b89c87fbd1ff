import type { ReactElement, ReactNode } from 'react'

/** What a colour means: `good` works, `wait` is under way, `warn` wants a look, `bad` is broken, `quiet` is over. */
export type Tone = 'good' | 'wait' | 'warn' | 'bad' | 'quiet' | 'brass'

/** A word about a thing: what it is, or a count. */
export function Badge({
  tone = 'quiet',
  children,
}: {
  readonly tone?: Tone
  readonly children: ReactNode
}): ReactElement {
  return (
    <span className="badge" data-tone={tone}>
      {children}
    </span>
  )
}

/** The state that a thing is in: a dot whose form differs too, and a word. */
export function Status({
  tone,
  children,
}: {
  readonly tone: Tone
  readonly children: ReactNode
}): ReactElement {
  return (
    <span className="status" data-tone={tone}>
      {children}
    </span>
  )
}
