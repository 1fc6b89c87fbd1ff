/** Longer than dialogs and menus take to give the focus back by themselves. */
const PATIENCE_MILLISECONDS = 100

/**
 * Keeps the focus near where it was when what had it goes away: a row that was deleted, a button that is not needed any
 * more. Else it falls to the document, and whoever uses a keyboard or a screen reader has lost their place.
 *
 * @param root what holds the pages; dialogs and menus are elsewhere in the document
 */
export function keepFocus(root: HTMLElement): void {
  let last: readonly HTMLElement[] = []
  let lastOnPage: readonly HTMLElement[] = []
  document.addEventListener('focusin', ({ target }) => {
    last = withAncestors(target, root)
    if (target instanceof Node && root.contains(target)) lastOnPage = last
  })
  document.addEventListener('focusout', ({ target }) => {
    // What goes away is not connected any more when this runs; what is, was left on purpose.
    queueMicrotask(() => {
      if (target instanceof Node && target.isConnected && isNowhere()) last = lastOnPage = []
    })
  })
  new MutationObserver(() => {
    if (!isNowhere() || last[0]?.isConnected !== false) return
    setTimeout(() => {
      if (!isNowhere()) return
      const near = [...last, ...lastOnPage].find((element) => element.isConnected)
      if (near !== undefined) focusOn(near)
    }, PATIENCE_MILLISECONDS)
  }).observe(document.body, { childList: true, subtree: true })
}

function isNowhere(): boolean {
  return document.activeElement === null || document.activeElement === document.body
}

/** An element and what is around it, from the inside to the page, and without what is around all pages. */
function withAncestors(target: EventTarget | null, root: HTMLElement): HTMLElement[] {
  const found: HTMLElement[] = []
  for (let at = target; at instanceof HTMLElement && at !== document.body; at = at.parentElement) {
    if (!at.contains(root)) found.push(at)
  }
  return found
}

function focusOn(element: HTMLElement): void {
  if (!element.hasAttribute('tabindex')) {
    element.tabIndex = -1
    element.addEventListener('blur', () => element.removeAttribute('tabindex'), { once: true })
  }
  element.focus({ preventScroll: true })
}
