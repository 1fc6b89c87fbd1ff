import { Tabs as Base } from '@base-ui/react/tabs'
import type { ReactElement, ReactNode } from 'react'

/** One tab and what it shows. */
export interface Tab<T extends string> {
  readonly value: T
  readonly label: ReactNode
  readonly content: ReactNode
}

/** What tabs take. */
export interface TabsProps<T extends string> {
  /** What the tabs are of, for screen readers. */
  readonly label: string
  readonly value: T
  readonly onValueChange: (value: T) => void
  readonly tabs: readonly Tab<T>[]
}

/** Views of one thing. Keep the value in the search parameters of the page, so that a link leads to it. */
export function Tabs<T extends string>({ label, value, onValueChange, tabs }: TabsProps<T>): ReactElement {
  return (
    <Base.Root value={value} onValueChange={(next: T) => onValueChange(next)} className="tabs">
      <Base.List className="tab-list" aria-label={label}>
        {tabs.map((tab) => (
          <Base.Tab key={tab.value} value={tab.value} className="tab">
            {tab.label}
          </Base.Tab>
        ))}
      </Base.List>
      {tabs.map((tab) => (
        <Base.Panel key={tab.value} value={tab.value} className="tab-panel">
          {tab.content}
        </Base.Panel>
      ))}
    </Base.Root>
  )
}
