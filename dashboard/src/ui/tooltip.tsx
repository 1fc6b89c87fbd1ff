import { Tooltip as Base } from '@base-ui/react/tooltip'
import type { ReactElement, ReactNode } from 'react'

/** A word more about what the pointer or the focus is on. Never the only place of anything: touch has no hover. */
export function Tooltip({
  text,
  children,
}: {
  readonly text: ReactNode
  /** The element it is about: one that can have the focus. */
  readonly children: ReactElement<Record<string, unknown>>
}): ReactElement {
  return (
    <Base.Root>
      <Base.Trigger render={children} />
      <Base.Portal>
        <Base.Positioner sideOffset={6} className="layer">
          <Base.Popup className="tooltip">{text}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
