import type { CallerView } from '@bitting/client'
import type { Context } from './context.js'
import { deliveryScreen } from './delivery-screen.js'
import { closeDialogs } from './dialog.js'
import { focusHeading, h } from './dom.js'
import { endpointScreen } from './endpoint-screen.js'
import { Notices } from './notice.js'
import { overviewScreen } from './overview.js'
import { parseRoute, type Route } from './route.js'
import type { Screen } from './screen.js'
import { signInCard, type SignedIn } from './sign-in.js'

/** Runs the page inside an element: asks for a management key, then shows what the address names. */
export function startApp(main: HTMLElement): void {
  const notices = new Notices()
  let session: SignedIn | null = null
  let screen = new AbortController()

  const leave = (): void => {
    screen.abort()
    screen = new AbortController()
    closeDialogs()
    notices.clear()
  }

  const giveUpKey = (reason: string | null): void => {
    leave()
    session = null
    document.title = 'Webhooks · Bitting'
    document.querySelector('.who')?.remove()
    main.replaceChildren(signInCard({ reason, onKeyRefused: refuseKey, onSignedIn: enter }))
    document.getElementById('management-key')?.focus()
  }

  const refuseKey = (): void => {
    giveUpKey(
      'The server no longer accepts the management key: it was suspended, revoked or rotated, or has expired. Enter another one to go on where you were.',
    )
  }

  const show = (): void => {
    if (session === null) return
    leave()
    const context: Context = {
      api: session.api,
      signal: screen.signal,
      say: (text) => {
        notices.say(text)
      },
    }
    const { title, element } = screenOf(parseRoute(location.hash), context)
    document.title = `${title} · Bitting`
    main.replaceChildren(element)
    scrollTo(0, 0)
    focusHeading(main)
  }

  const enter = (signedIn: SignedIn): void => {
    session = signedIn
    document.querySelector('.top')?.append(
      who(signedIn.caller, () => {
        giveUpKey(null)
      }),
    )
    show()
  }

  document.body.append(notices.element)
  addEventListener('hashchange', show)
  // A page that the browser kept and shows again would still hold the key.
  addEventListener('pagehide', () => {
    if (session !== null) giveUpKey(null)
  })
  giveUpKey(null)
}

function screenOf(route: Route, context: Context): Screen {
  switch (route.screen) {
    case 'overview':
      return overviewScreen(context)
    case 'endpoint':
      return endpointScreen(context, route.endpointId)
    case 'delivery':
      return deliveryScreen(context, route.endpointId, route.eventId)
  }
}

function who({ key }: CallerView, forget: () => void): HTMLElement {
  return h(
    'div',
    { class: 'who' },
    h('p', {}, h('span', { class: 'quiet-text' }, 'Management key '), key.name),
    h('button', { type: 'button', class: 'secondary small', onclick: forget }, 'Forget the key'),
  )
}
