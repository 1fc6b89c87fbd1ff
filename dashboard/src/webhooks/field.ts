import { h, type Child } from './dom.js'

/** One input of a form, with its label, what helps to fill it in, and what is wrong with it. */
export interface Field {
  /** As the management API names it. */
  readonly name: string
  readonly element: HTMLElement
  /** Shows what is wrong; null for nothing. */
  complain(problem: string | null): void
  focus(): void
}

/** A field with one text in it. */
export interface TextField extends Field {
  readonly value: string
}

/** What is the same for every field. */
export interface FieldOptions {
  readonly name: string
  readonly label: string
  readonly hint?: Child
}

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement

/** A line of text, a number or a time. */
export function textField(
  options: FieldOptions & {
    readonly value?: string
    readonly type?: 'text' | 'url' | 'number' | 'datetime-local'
    readonly isRequired?: boolean
    readonly attributes?: Readonly<Record<string, string | number>>
  },
): TextField {
  const { value = '', type = 'text', isRequired = false, attributes = {} } = options
  const control = h('input', {
    type,
    value,
    'aria-required': isRequired ? 'true' : null,
    autocomplete: 'off',
    spellcheck: 'false',
    ...attributes,
  })
  return labelled(options, control)
}

/** A text of several lines. */
export function areaField(options: FieldOptions & { readonly value?: string }): TextField {
  const control = h('textarea', { rows: 3, spellcheck: 'false', autocomplete: 'off' })
  control.value = options.value ?? ''
  return labelled(options, control)
}

/** One of some choices; a choice is its value and its text. */
export function selectField(
  options: FieldOptions & {
    readonly groups: readonly {
      readonly label: string | null
      readonly choices: readonly (readonly [string, string])[]
    }[]
    readonly value?: string
  },
): TextField {
  const control = h('select')
  for (const { label, choices } of options.groups) {
    const items = choices.map(([value, text]) => h('option', { value }, text))
    if (label === null) control.append(...items)
    else if (items.length > 0) control.append(h('optgroup', { label }, ...items))
  }
  if (options.value !== undefined) control.value = options.value
  return labelled(options, control)
}

function labelled({ name, label, hint }: FieldOptions, control: Control): TextField {
  const id = `field-${name}`
  const problem = h('p', { id: `${id}-problem`, class: 'problem field-problem' })
  const help = hint === undefined ? null : h('p', { id: `${id}-hint`, class: 'hint' }, hint)
  const described = [help === null ? '' : help.id, problem.id].join(' ').trim()
  control.id = id
  control.setAttribute('aria-describedby', described)
  return {
    name,
    element: h('div', { class: 'field' }, h('label', { for: id }, label), help, control, problem),
    get value() {
      return control.value
    },
    complain: (text) => {
      problem.textContent = text
      control.setAttribute('aria-invalid', String(text !== null))
    },
    focus: () => {
      control.focus()
    },
  }
}

/** Several boxes under one heading, each on or off. */
export function checkboxes(
  { name, label, hint }: FieldOptions,
  choices: readonly {
    readonly value: string
    readonly label: string
    readonly hint?: string
    readonly checked: boolean
  }[],
): Field & { readonly values: readonly string[] } {
  const id = `field-${name}`
  const problem = h('p', { id: `${id}-problem`, class: 'problem field-problem' })
  const boxes = choices.map(({ value, checked }) =>
    h('input', { type: 'checkbox', id: `${id}-${value}`, value, checked }),
  )
  const rows = choices.map((choice, index) =>
    h(
      'div',
      { class: 'choice' },
      boxes[index] ?? null,
      h(
        'label',
        { for: `${id}-${choice.value}` },
        choice.label,
        choice.hint === undefined ? null : h('span', { class: 'hint' }, choice.hint),
      ),
    ),
  )
  const help = hint === undefined ? null : h('p', { class: 'hint' }, hint)
  const element = h(
    'fieldset',
    { class: 'field', 'aria-describedby': problem.id },
    h('legend', {}, label),
    help,
    ...rows,
    problem,
  )
  return {
    name,
    element,
    get values() {
      return boxes.filter(({ checked }) => checked).map(({ value }) => value)
    },
    complain: (text) => {
      problem.textContent = text
    },
    focus: () => boxes[0]?.focus(),
  }
}
