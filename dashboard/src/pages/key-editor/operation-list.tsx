import type { Catalog, Operation } from '@bitting/core'
import type { ReactElement } from 'react'
import './key-editor.css'

/** Operations under the titles of their permissions, in the order of the catalog. */
export function OperationList({
  operations,
  catalog,
}: {
  readonly operations: readonly Operation[]
  readonly catalog: Catalog
}): ReactElement {
  return (
    <div className="operations" tabIndex={0} role="region" aria-label="List of operations">
      {groupsOf(operations, catalog).map(({ title, members }) => (
        <section key={title}>
          <h4>
            {title} <span className="quiet-text">{members.length}</span>
          </h4>
          <ul>
            {members.map(({ name, method, template }) => (
              <li key={`${method} ${template}`}>
                <code className="operation-method">{method}</code>
                <code>{template}</code>
                {name !== `${method} ${template}` && <span className="hint">{name}</span>}
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  )
}

function groupsOf(
  operations: readonly Operation[],
  { permissions }: Catalog,
): { readonly title: string; readonly members: readonly Operation[] }[] {
  const groups = [
    ...permissions.map(({ id, title }) => ({
      title,
      members: operations.filter(
        ({ requirement }) => requirement.kind === 'level' && requirement.permission === id,
      ),
    })),
    { title: 'Any live key', members: operations.filter(({ requirement: { kind } }) => kind === 'any') },
    { title: 'Full access only', members: operations.filter(({ requirement: { kind } }) => kind === 'full') },
  ]
  return groups.filter(({ members }) => members.length > 0)
}
