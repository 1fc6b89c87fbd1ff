/** The set-up page: trades the one-time code in the address for a management key and shows it once. */

interface NewWorkspace {
  readonly management_key: string
}

interface Problem {
  readonly detail?: string
}

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`the page lacks #${id}`)
}

const take = element('take', HTMLButtonElement)
const problem = element('problem', HTMLParagraphElement)
const taken = element('taken', HTMLElement)
const key = element('key', HTMLOutputElement)
const copy = element('copy', HTMLButtonElement)
const copied = element('copied', HTMLParagraphElement)

const code = location.hash.slice(1)
let isCopied = false

// The code is of no use twice; what stays in the history should not look as if it were.
history.replaceState(null, '', location.pathname)

function showProblem(text: string): void {
  problem.textContent = text
  problem.hidden = false
}

async function takeKey(): Promise<void> {
  take.disabled = true
  problem.hidden = true
  try {
    const response = await fetch('/v1/setup', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    })
    if (!response.ok) {
      const { detail } = (await response.json()) as Problem
      showProblem(detail ?? 'The server refused the link.')
      return
    }
    const { management_key: token } = (await response.json()) as NewWorkspace
    key.value = token
    taken.hidden = false
    take.hidden = true
    copy.focus()
  } catch {
    take.disabled = false
    showProblem('The server does not answer. Check that it is still running, and try again.')
  }
}

async function copyKey(): Promise<void> {
  try {
    await navigator.clipboard.writeText(key.value)
    isCopied = true
    copied.textContent = 'Copied. Put it where it is safe, then close this page.'
  } catch {
    copied.textContent = 'The browser did not allow copying. Select the key and copy it by hand.'
  }
}

take.addEventListener('click', () => void takeKey())
copy.addEventListener('click', () => void copyKey())
key.addEventListener('copy', () => {
  isCopied = true
})
addEventListener('beforeunload', (event) => {
  if (!taken.hidden && !isCopied) event.preventDefault()
})

if (code === '') {
  take.hidden = true
  showProblem(
    'The link is incomplete: its last part, after the #, is missing. Copy the whole line from the terminal.',
  )
}
