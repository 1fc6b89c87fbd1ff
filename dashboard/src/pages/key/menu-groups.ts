import type { MenuItem, MenuProps } from '../../ui/menu.js'
import type { KeyAction } from '../key-actions/index.js'

const ITEMS = {
  duplicate: { label: 'Duplicate', icon: 'copy' },
  'set-webhook-key': { label: 'Set as webhook key', icon: 'webhook' },
  suspend: { label: 'Suspend', icon: 'pause' },
  resume: { label: 'Resume', icon: 'play' },
  revoke: { label: 'Revoke', icon: 'ban', danger: true },
  delete: { label: 'Delete', icon: 'trash', danger: true },
} as const satisfies Partial<Record<KeyAction, Omit<MenuItem, 'onSelect'>>>

const GROUPS = [
  ['duplicate', 'set-webhook-key', 'suspend', 'resume'],
  ['revoke', 'delete'],
] as const

/** What the menu of a key's page offers: what has no button of its own beside it. */
export function menuGroups(
  offered: ReadonlySet<KeyAction>,
  onAction: (action: KeyAction) => void,
): MenuProps['groups'] {
  return GROUPS.map((actions) => ({
    items: actions
      .filter((action) => offered.has(action))
      .map((action) => ({ ...ITEMS[action], onSelect: () => onAction(action) })),
  }))
}
