import { Link, Outlet } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useCan, type Can } from '../../session/session.js'
import { PageHeader } from '../../ui/page-header.js'

const PARTS: readonly { readonly to: string; readonly label: string; readonly needs?: Parameters<Can>[0] }[] =
  [
    { to: '/settings/workspace', label: 'Workspace', needs: 'workspace:read' },
    { to: '/settings/members', label: 'Members', needs: 'members:read' },
    { to: '/settings/sign-in', label: 'Sign-in', needs: 'members:read' },
    { to: '/settings/catalog', label: 'Catalog', needs: 'workspace:read' },
    { to: '/settings/audit', label: 'Audit', needs: 'workspace:read' },
    { to: '/settings/appearance', label: 'Appearance' },
  ]

/** The settings of the workspace, a page a part. */
export function SettingsPage(): ReactElement {
  const can = useCan()
  return (
    <div className="page">
      <PageHeader title="Settings" keepsFocus />
      <nav className="tab-list" aria-label="Settings">
        {PARTS.filter(({ needs }) => needs === undefined || can(needs)).map(({ to, label }) => (
          <Link key={to} to={to} className="tab">
            {label}
          </Link>
        ))}
      </nav>
      <Outlet />
    </div>
  )
}
