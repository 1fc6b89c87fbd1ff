import { useCallback, useEffect, useRef, useState, type ReactElement, type RefObject } from 'react'
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
/** What can be taken back has to be read, decided on and come to. */
const UNDO_MILLISECONDS = 20_000
/** The key that leads to the newest toast, and from there back to where the focus was. */
const SHORTCUT = 'F6'
const messages: Store<readonly ToastMessage[]> = createStore<readonly ToastMessage[]>([])
let lastId = 0

/**
 * Tells what was done, for six seconds, longer while the pointer or the focus is on it. With `undo` it can be taken
 * back, for twenty seconds. Flaws of what was typed belong to their fields and not here.
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

/** Where toasts appear: once in the application. F6 leads there and back, wherever the focus is. */
export function Toaster(): ReactElement {
  const shown = useStore(messages)
  const region = useRef<HTMLDivElement>(null)
  const leave = useShortcut(region)
  return (
    <div className="toaster" role="region" aria-label={`Messages, ${SHORTCUT}`} ref={region} tabIndex={-1}>
      <div className="toasts" role="status" aria-live="polite">
        {shown.map((message) => (
          <ToastItem
            key={message.id}
            message={message}
            onDone={() => {
              leave()
              remove(message.id)
            }}
          />
        ))}
      </div>
    </div>
  )
}

/** Follows the key that leads to the newest toast. Returns what gives the focus back, where the key took it. */
function useShortcut(region: RefObject<HTMLElement | null>): () => void {
  const before = useRef<HTMLElement | null>(null)
  const leave = useCallback(() => {
    if (region.current?.contains(document.activeElement) === true) before.current?.focus()
    before.current = null
  }, [region])
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== SHORTCUT || event.altKey || event.ctrlKey || event.metaKey) return
      const first = region.current?.querySelector<HTMLElement>('.toast:last-child button') ?? null
      if (first === null) return
      event.preventDefault()
      if (region.current?.contains(document.activeElement) === true) {
        leave()
        return
      }
      before.current = document.activeElement instanceof HTMLElement ? document.activeElement : null
      first.focus()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [region, leave])
  return leave
}

function ToastItem(props: { readonly message: ToastMessage; readonly onDone: () => void }): ReactElement {
  const { message, onDone } = props
  const { id, text, undo, bad } = message
  const [pointed, setPointed] = useState(false)
  const [focused, setFocused] = useState(false)
  const held = pointed || focused
  useEffect(() => {
    if (held) return undefined
    const timer = setTimeout(() => remove(id), undo === undefined ? SHOWN_MILLISECONDS : UNDO_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [held, id, undo])
  return (
    <div
      className="toast"
      data-bad={bad || undefined}
      onPointerEnter={() => setPointed(true)}
      onPointerLeave={() => setPointed(false)}
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
    >
      <p>{text}</p>
      {undo !== undefined && (
        <>
          <Button
            small
            variant="quiet"
            aria-keyshortcuts={SHORTCUT}
            onClick={() => {
              undo()
              onDone()
            }}
          >
            Undo
          </Button>
          <kbd className="toast-key">
            <span className="visually-hidden">Reached by </span>
            {SHORTCUT}
          </kbd>
        </>
      )}
      <IconButton icon="close" label="Dismiss" onClick={onDone} />
    </div>
  )
}
