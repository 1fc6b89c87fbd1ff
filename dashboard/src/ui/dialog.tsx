import { Dialog as Base } from '@base-ui/react/dialog'
import { useRef, type ReactElement, type ReactNode, type RefObject } from 'react'
import { IconButton } from './icon-button.js'

/** What a dialog takes. */
export interface DialogProps {
  readonly open: boolean
  /** Called by Escape, the cross and a press outside. To keep it open, do nothing. */
  readonly onClose: () => void
  readonly title: string
  readonly description?: ReactNode | undefined
  readonly children?: ReactNode | undefined
  /** Buttons, the one that goes on last. They stay in sight when the content is scrolled. */
  readonly actions?: ReactNode | undefined
  /** `large` for tables and forms with two columns. */
  readonly size?: 'normal' | 'large' | undefined
  /** True where a press outside must not lose what was typed or shown. */
  readonly keepOnPressOutside?: boolean | undefined
  /** What has the focus first; else the first control. */
  readonly initialFocus?: RefObject<HTMLElement | null> | undefined
}

/**
 * A dialog over the page, full-screen on phones. The focus stays in it, and goes back to where it was when it closes.
 * Wrap the fields in a `<form id>` and give the submit button among the actions its `form`.
 */
export function Dialog(props: DialogProps): ReactElement {
  const {
    open,
    onClose,
    title,
    description,
    children,
    actions,
    size = 'normal',
    keepOnPressOutside = false,
  } = props
  const body = useRef<HTMLDivElement>(null)
  return (
    <Base.Root
      open={open}
      disablePointerDismissal={keepOnPressOutside}
      onOpenChange={(next) => {
        if (!next) onClose()
      }}
    >
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Viewport className="dialog-viewport">
          <Base.Popup
            className="dialog"
            data-size={size}
            initialFocus={props.initialFocus ?? (() => firstControl(body.current) ?? true)}
          >
            <header className="dialog-head">
              <Base.Title className="dialog-title">{title}</Base.Title>
              <Base.Close render={<IconButton icon="close" label="Close" />} />
            </header>
            <div className="dialog-body" ref={body}>
              {description !== undefined && (
                <Base.Description className="lead" render={<div />}>
                  {description}
                </Base.Description>
              )}
              {children}
            </div>
            {actions !== undefined && <footer className="dialog-actions">{actions}</footer>}
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  )
}

/** What somebody would type or press first: not the cross, and not what is only to be read. */
function firstControl(body: HTMLElement | null): HTMLElement | null {
  const controls = 'input:not([readonly], [hidden]), select, textarea, button, a[href]'
  const first = body?.querySelector<HTMLElement>(controls) ?? null
  // Of radio buttons the chosen one is where the Tab key leads, and where Space changes nothing.
  const isRadio = first instanceof HTMLInputElement && first.type === 'radio'
  return (isRadio ? body?.querySelector<HTMLElement>(`input[name="${first.name}"]:checked`) : null) ?? first
}
