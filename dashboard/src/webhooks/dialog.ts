import { h, type Child } from './dom.js'

const open = new Set<HTMLDialogElement>()

/** A dialog that is open. */
export interface OpenDialog {
  readonly element: HTMLDialogElement
  close(): void
}

/**
 * Opens a modal dialog. When it closes, everything that was in it leaves the document, and the focus returns to what had
 * it, or to the same control where the page was refreshed meanwhile.
 *
 * @param mayClose asked when somebody presses Escape
 */
export function openDialog(
  title: string,
  build: (close: () => void) => readonly Child[],
  mayClose: () => boolean = () => true,
): OpenDialog {
  const opener = document.activeElement
  const element = h('dialog', { 'aria-labelledby': 'dialog-title' })
  const close = (): void => {
    if (!open.delete(element)) return
    element.close()
    element.replaceChildren()
    element.remove()
    returnFocus(opener)
  }
  const heading = h('h2', { id: 'dialog-title', class: 'dialog-title' }, title)
  element.append(h('div', { class: 'dialog-body' }, heading, ...build(close)))
  element.addEventListener('cancel', (event) => {
    if (event.target !== element) return
    event.preventDefault()
    if (mayClose()) close()
  })
  element.addEventListener('close', close)
  document.body.append(element)
  open.add(element)
  element.showModal()
  return { element, close }
}

/** Closes whatever is open, because the key it was opened with is gone. */
export function closeDialogs(): void {
  for (const element of open) {
    open.delete(element)
    element.close()
    element.replaceChildren()
    element.remove()
  }
}

function returnFocus(opener: Element | null): void {
  const same = opener?.isConnected === true ? opener : document.getElementById(opener?.id ?? '')
  const target = same ?? document.querySelector('h1')
  if (target instanceof HTMLElement) target.focus()
}
