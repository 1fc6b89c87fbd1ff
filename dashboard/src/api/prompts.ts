import { createStore, type Store } from './store.js'

/** What a person is asked for before a request can be repeated: a sign-in, or a fresh proof of who they are. */
export type PromptKind = 'sign-in' | 'step-up'

interface Prompt {
  readonly answered: Promise<boolean>
  readonly answer: (done: boolean) => void
}

type Prompts = Readonly<Partial<Record<PromptKind, Prompt>>>

/** What is being asked for at the moment. `session-prompts.tsx` shows a dialog for each. */
export const openPrompts: Store<Prompts> = createStore<Prompts>({})

/** Asks for it, once for all requests that wait. Becomes true when it was done, false when the person declined. */
export function ask(kind: PromptKind): Promise<boolean> {
  const open = openPrompts.get()[kind]
  if (open !== undefined) return open.answered
  let answer: Prompt['answer'] = () => undefined
  const answered = new Promise<boolean>((resolve) => {
    answer = resolve
  })
  openPrompts.set({ ...openPrompts.get(), [kind]: { answered, answer } })
  return answered
}

/** Closes a prompt: the requests that waited for it are repeated, or fail as they did. */
export function answerPrompt(kind: PromptKind, done: boolean): void {
  const { [kind]: open, ...rest } = openPrompts.get()
  openPrompts.set(rest)
  open?.answer(done)
}
