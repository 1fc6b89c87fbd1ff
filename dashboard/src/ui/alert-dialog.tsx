import { AlertDialog as Base } from '@base-ui/react/alert-dialog'
import { useRef, type ReactElement, type ReactNode } from 'react'
import { Button } from './button.js'

/** What an alert dialog takes. */
export interface AlertDialogProps {
  readonly open: boolean
  readonly onClose: () => void
  /** The question: `Delete "CI tests"?` */
  readonly title: string
  /** What will happen, and to whom. */
  readonly description: ReactNode
  /** What the button does, as a verb: `Delete key`. */
  readonly confirm: string
  readonly onConfirm: () => void
  readonly pending?: boolean | undefined
  /** True until what has to be typed or ticked is. */
  readonly disabled?: boolean | undefined
  /** False for what can be taken back. */
  readonly danger?: boolean | undefined
  /** What has to be typed or ticked, and what went wrong. */
  readonly children?: ReactNode | undefined
}

/** Asks before something is done. The focus begins at what does no harm, and a press outside does not close it. */
export function AlertDialog(props: AlertDialogProps): ReactElement {
  const {
    open,
    onClose,
    title,
    description,
    confirm,
    onConfirm,
    pending = false,
    danger = true,
    children,
  } = props
  const cancel = useRef<HTMLButtonElement>(null)
  return (
    <Base.Root
      open={open}
      onOpenChange={(next) => {
        if (!next) onClose()
      }}
    >
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Viewport className="dialog-viewport">
          <Base.Popup className="dialog" data-size="small" initialFocus={cancel}>
            <header className="dialog-head">
              <Base.Title className="dialog-title">{title}</Base.Title>
            </header>
            <div className="dialog-body">
              <Base.Description className="lead" render={<div />}>
                {description}
              </Base.Description>
              {children}
            </div>
            <footer className="dialog-actions">
              <Button ref={cancel} onClick={onClose}>
                Cancel
              </Button>
              <Button
                variant={danger ? 'danger' : 'primary'}
                pending={pending}
                disabled={props.disabled}
                onClick={onConfirm}
              >
                {confirm}
              </Button>
            </footer>
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  )
}
