import type { CatalogView, OperationView } from '@bitting/client'
import { useState, type ReactElement } from 'react'
import { formatCount } from '../../format.js'
import { Card } from '../../ui/card.js'
import { EmptyState } from '../../ui/empty-state.js'
import { FilterBar } from '../../ui/filter-bar.js'
import { Select } from '../../ui/select.js'
import { Table, type Column } from '../../ui/table.js'
import { requirementText } from './catalog-mapping.js'

function columnsOf(catalog: CatalogView): Column<OperationView>[] {
  return [
    { id: 'name', header: 'Operation', role: 'title', cell: ({ name }) => name },
    { id: 'method', header: 'Method', cell: ({ method }) => <code>{method}</code> },
    { id: 'path', header: 'Path', cell: ({ path }) => <code>{path}</code> },
    {
      id: 'needs',
      header: 'Asks for',
      cell: (operation) => <span className="operations-needs">{requirementText(operation, catalog)}</span>,
    },
  ]
}

/** What each operation asks of a key. */
export function CatalogOperations({ catalog }: { readonly catalog: CatalogView }): ReactElement {
  const { operations } = catalog
  const [text, setText] = useState('')
  const [method, setMethod] = useState('')
  const methods = [...new Set(operations.map((operation) => operation.method))].sort()
  const words = text.toLowerCase().split(/\s+/)
  const found = operations.filter((operation) => {
    const { name, path, permission, level } = operation
    const needs = `${requirementText(operation, catalog)} ${permission}:${level ?? ''}`
    const about = `${name} ${path} ${needs}`.toLowerCase()
    return (method === '' || operation.method === method) && words.every((word) => about.includes(word))
  })
  return (
    <Card
      title="Operations"
      description={`${formatCount(found.length, 'operation')} of ${String(operations.length)}. What is not here is for keys with full access alone.`}
    >
      <div className="form">
        <FilterBar
          label="operations"
          search={{ value: text, onChange: setText, placeholder: 'Name, path or permission' }}
        >
          <Select
            aria-label="Method"
            value={method}
            options={[
              { value: '', label: 'Any method' },
              ...methods.map((value) => ({ value, label: value })),
            ]}
            onValueChange={setMethod}
          />
        </FilterBar>
        {found.length === 0 ? (
          <EmptyState icon="search" title="No operations match" />
        ) : (
          <div className="operations-scroll" tabIndex={0} role="region" aria-label="Operations found">
            <Table
              caption="Operations"
              columns={columnsOf(catalog)}
              rows={found}
              rowKey={(operation) => `${operation.method} ${operation.path}`}
            />
          </div>
        )}
      </div>
    </Card>
  )
}
