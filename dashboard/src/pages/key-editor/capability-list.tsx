import type { Access, Catalog, Operation } from '@bitting/core'
import { useId, useState, type ReactElement } from 'react'
import { formatCount } from '../../format.js'
import { Tabs } from '../../ui/tabs.js'
import { TextInput } from '../../ui/text-input.js'
import { splitOperations } from './access-diff.js'
import { OperationList } from './operation-list.js'
import './key-editor.css'

/** What a list of capabilities takes. */
export interface CapabilityListProps {
  readonly access: Access
  /** From `useCatalog()`. */
  readonly catalog: Catalog
}

/** The operations that a key with this access can call and cannot, by permission, to be searched. */
export function CapabilityList({ access, catalog }: CapabilityListProps): ReactElement {
  const [tab, setTab] = useState<'allowed' | 'denied'>('allowed')
  const [query, setQuery] = useState('')
  const id = useId()
  const { allowed, denied } = splitOperations(catalog, access)
  const shown = (operations: readonly Operation[], nothing: string): ReactElement => {
    const found = operations.filter((it) => matches(it, query))
    if (operations.length === 0) return <p className="hint">{nothing}</p>
    if (found.length === 0) return <p className="hint">No operation here has “{query}” in it.</p>
    return <OperationList operations={found} catalog={catalog} />
  }
  return (
    <div className="capabilities">
      <label className="visually-hidden" htmlFor={id}>
        Search operations
      </label>
      <TextInput
        id={id}
        type="search"
        placeholder="Search operations, /v2/list-calls for example"
        value={query}
        onValueChange={setQuery}
        onKeyDown={(event) => {
          // In a form, Enter would send it.
          if (event.key === 'Enter') event.preventDefault()
        }}
      />
      <Tabs
        label="Operations"
        value={tab}
        onValueChange={setTab}
        tabs={[
          {
            value: 'allowed',
            label: `Can call (${String(allowed.length)})`,
            content: shown(allowed, 'No operation at all.'),
          },
          {
            value: 'denied',
            label: `Cannot call (${String(denied.length)})`,
            content: shown(denied, 'There is no operation that it cannot call.'),
          },
        ]}
      />
    </div>
  )
}

/** How much of a catalog an access opens: `Can call 14 of 63 operations`. */
export function capabilityCount(catalog: Catalog, access: Access): string {
  const { allowed } = splitOperations(catalog, access)
  return `Can call ${String(allowed.length)} of ${formatCount(catalog.operations.length, 'operation')}`
}

function matches({ name, method, template }: Operation, query: string): boolean {
  const text = `${method} ${template} ${name}`.toLowerCase()
  return query
    .toLowerCase()
    .split(' ')
    .every((word) => text.includes(word))
}
