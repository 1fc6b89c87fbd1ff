/** What can stand inside an element. A text stands for itself: it is never read as markup. */
export type Child = Node | string | null

/** Attributes by name; `on…` are listeners, true is an empty attribute, and what is null, false or undefined is left out. */
export type Attributes = Readonly<
  Record<string, string | number | boolean | null | undefined | ((event: Event) => void)>
>

/** Makes an element. Nothing that is given here becomes markup, so a receiver's answer may say what it likes. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? '' : String(value))
    }
  }
  element.append(...children.filter((child) => child !== null))
  return element
}

/**
 * Puts new content in place of the old: what was focused, and which details were open, is found again by its id, so that
 * a list that refreshes itself does not throw anybody out of it.
 */
export function replaceContent(container: HTMLElement, ...content: Node[]): void {
  const focused = container.contains(document.activeElement) ? document.activeElement?.id : undefined
  const open = [...container.querySelectorAll('details[open]')].map(({ id }) => id)
  container.replaceChildren(...content)
  for (const id of open) document.getElementById(id)?.setAttribute('open', '')
  if (focused === undefined) return
  const same = focused === '' ? null : document.getElementById(focused)
  // What had the focus is gone: a reader goes on from the heading, not from the top of the window.
  if (same === null) focusHeading(document.body)
  else same.focus()
}

/** Moves the focus to where a reader begins after the page has changed. */
export function focusHeading(container: HTMLElement): void {
  const heading = container.querySelector('h1')
  heading?.setAttribute('tabindex', '-1')
  heading?.focus({ preventScroll: true })
}
