import type { CallerView } from '@bitting/client'
import { Api } from './api.js'
import { h } from './dom.js'
import { whileBusy } from './form-dialog.js'
import { messageOf } from './notice.js'
import { Refusal } from './transport.js'

/** A management key that was entered, and whose it is. */
export interface SignedIn {
  readonly api: Api
  readonly caller: CallerView
}

interface SignInOptions {
  /** Why the key is asked for again; null the first time. */
  readonly reason: string | null
  onKeyRefused(): void
  onSignedIn(signedIn: SignedIn): void
}

/** What a header field can hold; anything else is no key, and the browser would refuse to send it. */
const VISIBLE_ASCII = /^[\x21-\x7e]+$/

/** Asks for a management key. The key leaves the field when it is sent, and is kept in the memory of the page alone. */
export function signInCard(options: SignInOptions): HTMLElement {
  const input = h('input', {
    id: 'management-key',
    type: 'password',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-required': 'true',
    'aria-describedby': 'sign-in-keeping sign-in-problem',
  })
  const problem = h('p', { id: 'sign-in-problem', class: 'problem field-problem', role: 'alert' })
  const submit = h('button', { type: 'submit', class: 'primary' }, 'Continue')
  const form = h(
    'form',
    { class: 'form', novalidate: true },
    h(
      'div',
      { class: 'field' },
      h('label', { for: 'management-key' }, 'Management key'),
      input,
      h(
        'p',
        { id: 'sign-in-keeping', class: 'hint' },
        'It stays in the memory of this page alone: reloading or closing the page forgets it, and you are asked again.',
      ),
      problem,
    ),
    h('div', { class: 'actions' }, submit),
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void whileBusy(submit, async () => {
      const key = input.value.trim()
      input.value = ''
      problem.textContent = await signIn(key, options)
      if (input.isConnected) input.focus()
    })
  })
  return h(
    'div',
    { class: 'card sign-in' },
    h('h1', {}, 'Webhooks'),
    h(
      'p',
      { class: 'lead' },
      'Choose the key that signs, decide where events go, and see what became of each delivery.',
    ),
    options.reason === null ? null : h('p', { class: 'callout warn', role: 'alert' }, options.reason),
    form,
  )
}

/** Tries a key; returns what is wrong, or an empty text. */
async function signIn(key: string, options: SignInOptions): Promise<string> {
  if (key === '') return 'Enter a management key. It begins with btgm_.'
  if (!VISIBLE_ASCII.test(key)) return 'That is no management key: it has characters that no key has.'
  let isSignedIn = false
  const api = new Api(key, () => {
    if (isSignedIn) options.onKeyRefused()
  })
  try {
    const caller = await api.whoami()
    isSignedIn = true
    options.onSignedIn({ api, caller })
    return ''
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 401) return messageOf(error)
    return 'The server does not accept this key. It may be mistyped, suspended, revoked or expired.'
  }
}
