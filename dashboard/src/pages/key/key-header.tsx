import type { KeyView } from '@bitting/client'
import { accessIncludes, isUsable } from '@bitting/core'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { canOf, useSession } from '../../session/session.js'
import { Badge } from '../../ui/badge.js'
import { Button } from '../../ui/button.js'
import { CopyButton } from '../../ui/copy-button.js'
import { IconButton } from '../../ui/icon-button.js'
import { KeyHint } from '../../ui/key-hint.js'
import { Menu } from '../../ui/menu.js'
import { PageHeader } from '../../ui/page-header.js'
import { KeyBadges, KeyStatus, useKeyActions, type KeyAction } from '../key-actions/index.js'
import { ENVIRONMENT_TITLES } from '../key-editor/index.js'
import { menuGroups } from './menu-groups.js'

/** The head of a key's page: what it is, what state it is in, and what can be done with it. */
export function KeyHeader(props: {
  readonly apiKey: KeyView
  readonly onAction: (action: KeyAction) => void
}): ReactElement {
  const { apiKey, onAction } = props
  const { name, id, environment, secrets } = apiKey
  const offered = useKeyActions()(apiKey)
  const groups = menuGroups(offered, onAction)
  return (
    <PageHeader
      title={name}
      breadcrumb={<Link to="/keys">API Keys</Link>}
      status={
        <span className="key-badges">
          <KeyStatus apiKey={apiKey} />
          <Badge tone={environment === 'production' ? 'brass' : 'quiet'}>
            {ENVIRONMENT_TITLES[environment]}
          </Badge>
          <KeyBadges apiKey={apiKey} />
          {secrets.some(({ state }) => state === 'retiring') && <Badge tone="wait">Rotating</Badge>}
        </span>
      }
      description={
        <>
          <span className="key-copyable key-identity">
            <KeyHint hint={secrets[0]?.hint ?? ''} />
            <span className="quiet-text">
              <code>{id}</code>
            </span>
            <CopyButton iconOnly text={id} label="Copy the key id" />
          </span>
          <WhyNoChanges apiKey={apiKey} />
        </>
      }
      actions={
        offered.size === 0 ? undefined : (
          <>
            {offered.has('edit') && (
              <Button variant="primary" icon="pencil" onClick={() => onAction('edit')}>
                Edit
              </Button>
            )}
            {offered.has('rotate') && (
              <Button icon="rotation" onClick={() => onAction('rotate')}>
                Rotate
              </Button>
            )}
            <Menu trigger={<IconButton icon="more" label={`More actions for ${name}`} />} groups={groups} />
          </>
        )
      }
    />
  )
}

/** Why somebody who may change keys cannot change this one. */
function WhyNoChanges({ apiKey: { state, access } }: { readonly apiKey: KeyView }): ReactElement | null {
  const session = useSession()
  if (!isUsable(state) || !canOf(session)('keys:edit') || accessIncludes(session.access, access)) return null
  return (
    <p className="hint">
      {access === 'full'
        ? 'Only owners and admins can change or rotate a key with full access.'
        : 'Only owners and admins can change or rotate this key: it has more than your role can give.'}
    </p>
  )
}
