import { h } from './dom.js'

/** A line at the foot of the window that tells what was done, also to screen readers; it moves nothing else. */
export class Notices {
  readonly element: HTMLElement
  readonly #text: HTMLElement
  readonly #bar: HTMLElement

  constructor() {
    this.#text = h('p', { role: 'status' })
    const dismiss = h(
      'button',
      {
        type: 'button',
        class: 'quiet',
        onclick: () => {
          this.clear()
        },
      },
      'Dismiss',
    )
    this.#bar = h('div', { class: 'notice-bar', 'data-empty': true }, this.#text, dismiss)
    this.element = this.#bar
  }

  say(text: string): void {
    this.#text.textContent = text
    this.#bar.toggleAttribute('data-empty', false)
  }

  clear(): void {
    this.#text.textContent = ''
    this.#bar.toggleAttribute('data-empty', true)
  }
}

/** What stands in the place of something that could not be loaded. */
export function failurePanel(error: unknown, tryAgain: () => void): HTMLElement {
  return h(
    'div',
    { class: 'panel failure', role: 'alert' },
    h('p', { class: 'failure-text' }, messageOf(error)),
    h('button', { type: 'button', class: 'secondary', id: 'try-again', onclick: tryAgain }, 'Try again'),
  )
}

/** What an error says to people. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'Something went wrong on this page.'
}
