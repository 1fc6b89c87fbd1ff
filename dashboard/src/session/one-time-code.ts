import { createStore, type Store } from '../api/store.js'

/**
 * The one-time code of the link that was opened, empty where there was none. It is taken out of the address as soon as
 * this module is loaded, which `main.tsx` does first: it should stay neither in the history nor in what is shared.
 */
export const oneTimeCode: Store<string> = createStore(takeCode())

addEventListener('hashchange', () => {
  const code = takeCode()
  if (code !== '') oneTimeCode.set(code)
})

function takeCode(): string {
  if (location.pathname !== '/setup' && location.pathname !== '/invitation') return ''
  const code = location.hash.slice(1)
  if (code !== '') history.replaceState(history.state, '', location.pathname)
  return code
}
