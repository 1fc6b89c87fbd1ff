import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { FEATURES } from '../features.js'
import { useCan, type Can } from '../session/session.js'
import { Icon, type IconName } from '../ui/icon.js'

interface Place {
  readonly to: string
  readonly label: string
  readonly icon: IconName
  readonly needs?: Parameters<Can>[0]
}

const PLACES: readonly Place[] = [
  { to: '/', label: 'Overview', icon: 'overview' },
  { to: '/keys', label: 'API Keys', icon: 'key', needs: 'keys:read' },
  { to: '/webhooks', label: 'Webhooks', icon: 'webhook', needs: 'webhooks:read' },
  ...FEATURES,
  { to: '/audit', label: 'Audit', icon: 'audit', needs: 'audit:read' },
  { to: '/settings', label: 'Settings', icon: 'settings' },
]

/** The places of the dashboard that a member can go to. */
export function Navigation(): ReactElement {
  const can = useCan()
  return (
    <nav className="navigation" aria-label="Main">
      <ul>
        {PLACES.filter(({ needs }) => needs === undefined || can(needs)).map((place) => (
          <li key={place.to}>
            <PlaceLink place={place} />
          </li>
        ))}
      </ul>
    </nav>
  )
}

function PlaceLink({ place: { to, label, icon } }: { readonly place: Place }): ReactElement {
  return (
    <Link to={to} className="nav-link" activeOptions={{ exact: to === '/', includeSearch: false }}>
      <Icon name={icon} />
      <span>{label}</span>
    </Link>
  )
}
