import { h, replaceContent } from './dom.js'
import { time } from './format.js'
import { failurePanel, messageOf } from './notice.js'

/** How often something that is under way is looked at again. */
const POLL_MILLISECONDS = 3000

interface LiveOptions<T> {
  readonly signal: AbortSignal
  load(): Promise<T>
  render(data: T): Node[]
  /** Whether it will change by itself, so that it is worth looking again. */
  isUnderWay(data: T): boolean
  /** What stands there before the first answer, of about the size of what comes. */
  readonly placeholder: Node
}

/** A part of the page that loads, shows what is wrong, and refreshes itself while something is under way. */
export class Live<T> {
  readonly element: HTMLElement = h('div', { class: 'live', 'aria-busy': 'true' })
  readonly #options: LiveOptions<T>
  readonly #content = h('div')
  readonly #stale = h('div', { class: 'stale-bar', role: 'alert', hidden: true })
  #timer: ReturnType<typeof setTimeout> | undefined
  #asked = 0
  #shown: string | null = null
  #shownAt = ''
  #underWay = false

  constructor(options: LiveOptions<T>) {
    this.#options = options
    const { signal } = options
    this.#content.append(options.placeholder)
    this.element.append(this.#content, this.#stale)
    document.addEventListener('visibilitychange', () => void this.#wake(), { signal })
    signal.addEventListener('abort', () => {
      clearTimeout(this.#timer)
    })
    void this.refresh()
  }

  /** Loads anew; what is shown stays until the answer is there. */
  async refresh(): Promise<void> {
    const { signal } = this.#options
    const asked = ++this.#asked
    clearTimeout(this.#timer)
    try {
      const data = await this.#options.load()
      if (signal.aborted || asked !== this.#asked) return
      this.#show(data)
    } catch (error) {
      if (signal.aborted || asked !== this.#asked) return
      this.#fail(error)
    }
    this.element.setAttribute('aria-busy', 'false')
    if (this.#underWay) this.#timer = setTimeout(() => void this.#wake(), POLL_MILLISECONDS)
  }

  #show(data: T): void {
    this.#stale.hidden = true
    this.#shownAt = new Date().toISOString()
    this.#underWay = this.#options.isUnderWay(data)
    const text = JSON.stringify(data)
    if (text === this.#shown) return
    this.#shown = text
    replaceContent(this.#content, ...this.#options.render(data))
  }

  #fail(error: unknown): void {
    const tryAgain = (): void => void this.refresh()
    if (this.#shown === null) {
      replaceContent(this.#content, failurePanel(error, tryAgain))
      return
    }
    if (!this.#stale.hidden) return
    const retry = h('button', { type: 'button', class: 'secondary', onclick: tryAgain }, 'Try again')
    const text = h('p', {}, messageOf(error), ' Shown is what was known at ', time(this.#shownAt), '.')
    this.#stale.replaceChildren(text, retry)
    this.#stale.hidden = false
  }

  /** A hidden page asks nothing; it looks again when it is seen again. */
  async #wake(): Promise<void> {
    if (document.visibilityState === 'visible' && this.#underWay && !this.#options.signal.aborted) {
      await this.refresh()
    }
  }
}
