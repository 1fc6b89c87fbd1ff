import { useNavigate } from '@tanstack/react-router'
import { useState, type ReactElement } from 'react'
import { describeError } from '../api/problem.js'
import { signOut, switchWorkspace, useSession } from '../session/session.js'
import { chooseTheme, readTheme, THEMES, type Theme } from '../theme.js'
import { Icon } from '../ui/icon.js'
import { Menu } from '../ui/menu.js'
import { toast } from '../ui/toast.js'

const THEME_LABELS: Readonly<Record<Theme, string>> = {
  system: 'As the system',
  light: 'Light',
  dark: 'Dark',
}
const THEME_ICONS = { system: 'system', light: 'sun', dark: 'moon' } as const

const sayProblem = (error: unknown): void => toast(describeError(error), { bad: true })

/** Who is signed in, what they can do about it, and how the pages look. */
export function AccountMenu(): ReactElement {
  const { user, confined } = useSession()
  const navigate = useNavigate()
  const [theme, setTheme] = useState(readTheme)
  return (
    <Menu
      side="top"
      align="start"
      heading={
        <>
          <b>{user.name}</b>
          <span>{user.email}</span>
        </>
      }
      trigger={
        <button type="button" className="side-button account-button">
          <span className="visually-hidden">Account: </span>
          <span className="avatar" aria-hidden="true">
            {initials(user.name)}
          </span>
          <span className="side-text">
            <b>{user.name}</b>
            <span>{user.email}</span>
          </span>
        </button>
      }
      groups={[
        {
          items: confined
            ? []
            : [{ label: 'Your account', icon: 'account', onSelect: () => void navigate({ to: '/account' }) }],
        },
        {
          title: 'Theme',
          items: THEMES.map((offered) => ({
            label: THEME_LABELS[offered],
            icon: THEME_ICONS[offered],
            checked: offered === theme,
            onSelect: () => {
              chooseTheme(offered)
              setTheme(offered)
            },
          })),
        },
        {
          items: [
            {
              label: 'Documentation',
              icon: 'external',
              onSelect: () => void open('/docs', '_blank', 'noopener'),
            },
          ],
        },
        { items: [{ label: 'Sign out', icon: 'signOut', onSelect: () => void signOut().catch(sayProblem) }] },
      ]}
    />
  )
}

/** The workspace that is shown, and the way to the others. */
export function WorkspaceSwitcher(): ReactElement {
  const { workspace, workspaces, role, confined } = useSession()
  const label = (
    <>
      <span className="avatar square" aria-hidden="true">
        {initials(workspace.name)}
      </span>
      <span className="side-text">
        <b>{workspace.name}</b>
        <span>{role}</span>
      </span>
    </>
  )
  if (confined || workspaces.length < 2) return <div className="side-button plain">{label}</div>
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" className="side-button">
          <span className="visually-hidden">Workspace: </span>
          {label}
          <Icon name="chevronsUpDown" size={16} />
        </button>
      }
      groups={[
        {
          title: 'Workspaces',
          items: workspaces.map(({ workspace_id: id, name }) => ({
            label: name,
            checked: id === workspace.id,
            onSelect: () => {
              if (id !== workspace.id) void switchWorkspace(id).catch(sayProblem)
            },
          })),
        },
      ]}
    />
  )
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/)
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => Array.from(word ?? '')[0] ?? '')
    .join('')
    .toUpperCase()
}
