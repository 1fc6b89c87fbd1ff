import { useEffect, useState, type ReactElement } from 'react'
import { createStore, useStore, type Store } from '../api/store.js'
import { Button } from './button.js'
import { IconButton } from './icon-button.js'

interface ToastMessage {
  readonly id: number
  readonly text: string
  readonly undo: (() => void) | undefined
  readonly bad: boolean
}

const SHOWN_MILLISECONDS = 6_000
const messages: Store<readonly ToastMessage[]> = createStore<readonly ToastMessage[]>([])
let lastId = 0

/**
 * Tells what was done, for six seconds, longer while the pointer or the focus is on it. With `undo` it can be taken
 * back. Flaws of what was typed belong to their fields and not here.
 */
export function toast(
  text: string,
  options: { readonly undo?: () => void; readonly bad?: boolean } = {},
): void {
  lastId += 1
  const message = { id: lastId, text, undo: options.undo, bad: options.bad ?? false }
  messages.set([...messages.get().slice(-2), message])
}

function remove(id: number): void {
  messages.set(messages.get().filter((message) => message.id !== id))
}

/** Where toasts appear: once in the application. */
export function Toaster(): ReactElement {
  const shown = useStore(messages)
  return (
    <div className="toaster" role="status" aria-live="polite">
      {shown.map((message) => (
        <ToastItem key={message.id} message={message} />
      ))}
    </div>
  )
}

function ToastItem({ message: { id, text, undo, bad } }: { readonly message: ToastMessage }): ReactElement {
  const [held, setHeld] = useState(false)
  useEffect(() => {
    if (held) return undefined
    const timer = setTimeout(() => remove(id), SHOWN_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [held, id])
  return (
    <div
      className="toast"
      data-bad={bad || undefined}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <p>{text}</p>
      {undo !== undefined && (
        <Button
          small
          variant="quiet"
          onClick={() => {
            undo()
            remove(id)
          }}
        >
          Undo
        </Button>
      )}
      <IconButton icon="close" label="Dismiss" onClick={() => remove(id)} />
    </div>
  )
}
