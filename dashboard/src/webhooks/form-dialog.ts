import { openDialog } from './dialog.js'
import { h, type Child } from './dom.js'
import type { Field } from './field.js'
import { messageOf } from './notice.js'
import { Refusal } from './transport.js'

/** Something in a form that cannot be sent as it is. */
export class Invalid extends Error {
  readonly field: string

  constructor(field: string, message: string) {
    super(message)
    this.name = 'Invalid'
    this.field = field
  }
}

interface FormOptions {
  readonly title: string
  readonly intro: readonly Child[]
  readonly fields: readonly Field[]
  /** What the button does, as a verb. */
  readonly submit: string
  readonly isDangerous?: boolean
  /**
   * Does it, and returns what follows once the dialog is closed.
   *
   * @throws {Invalid} or what the API throws: the dialog shows it and stays
   */
  run(): Promise<() => void>
}

/** Asks for what an action needs, does it, and shows beside each field what is wrong with it. */
export function openForm(options: FormOptions): void {
  const { title, intro, fields, isDangerous = false } = options
  const problem = h('p', { class: 'problem form-problem', role: 'alert' })
  const submit = h('button', { type: 'submit', class: isDangerous ? 'danger' : 'primary' }, options.submit)
  openDialog(title, (close) => {
    // Where a single key press would do what cannot be undone, the harmless button has the focus.
    const autofocus = isDangerous && fields.length === 0
    const cancel = h('button', { type: 'button', class: 'secondary', autofocus, onclick: close }, 'Cancel')
    const form = h(
      'form',
      { novalidate: true, class: 'form' },
      ...intro,
      ...fields.map(({ element }) => element),
      problem,
      h('div', { class: 'actions' }, submit, cancel),
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void whileBusy(submit, async () => {
        for (const field of fields) field.complain(null)
        problem.textContent = ''
        try {
          const follow = await options.run()
          close()
          follow()
        } catch (error) {
          showProblem(error, fields, problem)
        }
      })
    })
    return [form]
  })
}

/** Does something that a button asked for, once at a time; the button keeps the focus. */
export async function whileBusy(button: HTMLButtonElement, work: () => Promise<void>): Promise<void> {
  if (button.getAttribute('aria-disabled') === 'true') return
  button.setAttribute('aria-disabled', 'true')
  button.toggleAttribute('data-busy', true)
  try {
    await work()
  } finally {
    button.removeAttribute('aria-disabled')
    button.removeAttribute('data-busy')
  }
}

function showProblem(error: unknown, fields: readonly Field[], problem: HTMLElement): void {
  const flaws =
    error instanceof Invalid
      ? [{ field: error.field, message: error.message }]
      : error instanceof Refusal
        ? error.flaws
        : []
  const shown = flaws.flatMap(({ field: path, message }) => {
    const field = fields.find(({ name }) => name === path.split('.')[0])
    field?.complain(message)
    return field ?? []
  })
  const [first] = shown
  if (first === undefined || !(error instanceof Invalid)) problem.textContent = messageOf(error)
  first?.focus()
}
