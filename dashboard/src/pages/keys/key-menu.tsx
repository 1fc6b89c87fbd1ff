import type { KeyView } from '@bitting/client'
import type { ReactElement } from 'react'
import { IconButton } from '../../ui/icon-button.js'
import { Menu, type MenuItem } from '../../ui/menu.js'
import type { KeyAction } from '../key-actions/index.js'

type Offer = Pick<MenuItem, 'label' | 'icon' | 'danger'> & { readonly action: KeyAction }

const OFFERS: readonly (readonly Offer[])[] = [
  [
    { action: 'edit', label: 'Edit', icon: 'pencil' },
    { action: 'duplicate', label: 'Duplicate', icon: 'copy' },
    { action: 'rotate', label: 'Rotate', icon: 'rotation' },
    { action: 'set-webhook-key', label: 'Set as webhook key', icon: 'webhook' },
  ],
  [
    { action: 'suspend', label: 'Suspend', icon: 'pause' },
    { action: 'resume', label: 'Resume', icon: 'play' },
    { action: 'revoke', label: 'Revoke', icon: 'ban', danger: true },
  ],
]

/** What can be done with a key of the list: the trash icon, and a menu of the rest. */
export function KeyMenu(props: {
  readonly apiKey: KeyView
  readonly actions: ReadonlySet<KeyAction>
  readonly onAct: (action: KeyAction, key: KeyView) => void
}): ReactElement {
  const { apiKey, actions, onAct } = props
  const groups = OFFERS.map((offers) => ({
    items: offers
      .filter(({ action }) => actions.has(action))
      .map(({ action, ...offer }) => ({ ...offer, onSelect: () => onAct(action, apiKey) })),
  }))
  return (
    <span className="keys-actions">
      {groups.some(({ items }) => items.length > 0) && (
        <Menu trigger={<IconButton icon="more" label={`Actions for ${apiKey.name}`} />} groups={groups} />
      )}
      {actions.has('delete') && (
        <IconButton icon="trash" label={`Delete ${apiKey.name}`} onClick={() => onAct('delete', apiKey)} />
      )}
    </span>
  )
}
