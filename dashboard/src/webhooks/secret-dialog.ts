import type { WebhookEndpointWithSecret } from '@bitting/client'
import { openDialog } from './dialog.js'
import { h } from './dom.js'
import { button } from './parts.js'

/** Shows the secret of an endpoint, this once. It leaves the document with the dialog. */
export function showSecret(title: string, { secret, secret_note: note }: WebhookEndpointWithSecret): void {
  if (secret === null) {
    const lost = 'The secret was in an answer that was lost. Rotate it to get a new one.'
    openDialog(title, (close) => [
      h('p', { class: 'callout warn' }, note ?? lost),
      h('div', { class: 'actions' }, button('Close', close, { kind: 'primary' })),
    ])
    return
  }
  const keeper = new SecretKeeper(secret)
  const { element } = openDialog(
    title,
    (close) => keeper.content(close),
    () => keeper.mayClose(),
  )
  element.addEventListener('close', () => {
    keeper.forget()
  })
}

/** Knows whether the secret was copied, and warns once before it is lost. */
class SecretKeeper {
  readonly #output: HTMLOutputElement
  readonly #status = h('p', { class: 'hint', role: 'status' }, 'Not copied yet.')
  #isKept = false
  #isWarned = false

  constructor(secret: string) {
    const oncopy = (): void => {
      this.#isKept = true
    }
    this.#output = h('output', { id: 'secret', tabindex: '0', 'aria-label': 'Secret', oncopy }, secret)
    addEventListener('beforeunload', this.#guardLeaving)
  }

  content(close: () => void): Node[] {
    const done = (): void => {
      if (this.mayClose()) close()
    }
    return [
      h(
        'p',
        { class: 'callout warn' },
        'It is shown this once and cannot be read again. The receiver verifies Standard Webhooks signatures with it.',
      ),
      h(
        'div',
        { class: 'secret' },
        this.#output,
        button('Copy', () => void this.#copy(), { kind: 'primary' }),
      ),
      this.#status,
      h('div', { class: 'actions' }, button('Done', done)),
    ]
  }

  /** Whether the dialog may close: the first time that nobody copied, it warns in place of closing. */
  mayClose(): boolean {
    if (this.#isKept || this.#isWarned) return true
    this.#isWarned = true
    this.#status.textContent =
      'Not copied yet, and it cannot be shown again. Close once more to do without it.'
    return false
  }

  forget(): void {
    removeEventListener('beforeunload', this.#guardLeaving)
    this.#output.textContent = ''
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.#output.textContent)
      this.#isKept = true
      this.#status.textContent = 'Copied. Put it where the receiver reads its secrets.'
    } catch {
      this.#status.textContent = 'The browser did not allow copying. Select the secret and copy it by hand.'
    }
  }

  readonly #guardLeaving = (event: BeforeUnloadEvent): void => {
    if (!this.#isKept) event.preventDefault()
  }
}
