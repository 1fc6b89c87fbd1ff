import { Menu as Base } from '@base-ui/react/menu'
import type { ReactElement, ReactNode } from 'react'
import { classes } from './classes.js'
import { Icon, type IconName } from './icon.js'

/** One thing that a menu offers. */
export interface MenuItem {
  readonly label: string
  readonly icon?: IconName | undefined
  readonly onSelect: () => void
  readonly danger?: boolean | undefined
  readonly disabled?: boolean | undefined
  /** True for the one of several that holds: it has a tick. */
  readonly checked?: boolean | undefined
}

/** What a menu takes. */
export interface MenuProps {
  /** The button that opens it, with a label of its own: `<IconButton icon="more" label="Actions for CI" />`. */
  readonly trigger: ReactElement<Record<string, unknown>>
  /** Items in groups, a line between them. Empty groups are left out. */
  readonly groups: readonly { readonly title?: string; readonly items: readonly MenuItem[] }[]
  /** What stands above the items. */
  readonly heading?: ReactNode | undefined
  readonly align?: 'start' | 'end' | undefined
  readonly side?: 'top' | 'bottom' | 'right' | undefined
}

/** A menu of actions: arrow keys, first letters, Escape, and the focus back at its button. */
export function Menu({ trigger, groups, heading, align = 'end', side = 'bottom' }: MenuProps): ReactElement {
  const filled = groups.filter(({ items }) => items.length > 0)
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={6} align={align} side={side} className="layer">
          <Base.Popup className="menu">
            {heading !== undefined && <div className="menu-heading">{heading}</div>}
            {filled.map(({ title, items }, index) => (
              <Base.Group key={index} className="menu-group">
                {title !== undefined && <Base.GroupLabel className="menu-title">{title}</Base.GroupLabel>}
                {items.map((item) => (
                  <Base.Item
                    key={item.label}
                    className={classes('menu-item', item.danger === true && 'danger')}
                    disabled={item.disabled}
                    onClick={item.onSelect}
                  >
                    {item.icon && <Icon name={item.icon} size={18} />}
                    <span className="menu-label">{item.label}</span>
                    {item.checked === true && (
                      <>
                        <Icon name="check" size={16} />
                        <span className="visually-hidden">, chosen</span>
                      </>
                    )}
                  </Base.Item>
                ))}
              </Base.Group>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
