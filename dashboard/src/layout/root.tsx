import { CSPProvider } from '@base-ui/react/csp-provider'
import { Tooltip } from '@base-ui/react/tooltip'
import { Outlet, useRouterState } from '@tanstack/react-router'
import { useEffect, useState, type ReactElement } from 'react'
import { SessionPrompts } from '../session/session-prompts.js'
import { Toaster } from '../ui/toast.js'
import { ConnectionBanner } from './connection-banner.js'

/** What is around every page, signed in or not. */
export function Root(): ReactElement {
  return (
    <CSPProvider disableStyleElements>
      <Tooltip.Provider delay={300}>
        <ConnectionBanner />
        <Outlet />
        <Toaster />
        <SessionPrompts />
        <Announcer />
      </Tooltip.Provider>
    </CSPProvider>
  )
}

/** Tells screen readers which page has come. */
function Announcer(): ReactElement {
  const path = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.pathname })
  const [text, setText] = useState('')
  useEffect(() => {
    // The page names the document when it is drawn.
    const timer = setTimeout(() => setText(document.title), 100)
    return () => clearTimeout(timer)
  }, [path])
  return (
    <div className="visually-hidden" role="status" aria-live="polite">
      {text}
    </div>
  )
}
