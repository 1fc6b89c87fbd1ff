import { Outlet } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useSession } from '../session/session.js'
import { Logo } from '../ui/logo.js'
import { Notice } from '../ui/notice.js'
import { AccountMenu, WorkspaceSwitcher } from './account-menu.js'
import { Navigation } from './navigation.js'

/** The frame of the pages behind the sign-in. On phones its parts are a bar at the top and one at the bottom. */
export function AppLayout(): ReactElement {
  const { needs_second_factor: needsSecondFactor } = useSession()
  return (
    <div className="app">
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <header className="sidebar">
        <div className="sidebar-top">
          <Logo />
          <WorkspaceSwitcher />
        </div>
        {!needsSecondFactor && <Navigation />}
        <div className="sidebar-end">
          <AccountMenu />
        </div>
      </header>
      <main id="content" className="content" tabIndex={-1}>
        {needsSecondFactor && (
          <Notice tone="warn" title="This workspace asks for a second factor">
            <p>Add a code generator or a passkey to your account; then everything else opens.</p>
          </Notice>
        )}
        <Outlet />
      </main>
    </div>
  )
}
