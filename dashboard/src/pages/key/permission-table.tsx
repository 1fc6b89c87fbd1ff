import type { KeyView, UsagePoint } from '@bitting/client'
import { levelOf, LEVEL_TITLES, type Access, type Catalog } from '@bitting/core'
import type { ReactElement } from 'react'
import { formatNumber } from '../../format.js'
import { Card } from '../../ui/card.js'
import { Notice } from '../../ui/notice.js'
import { Table, type Column } from '../../ui/table.js'
import { permissionTitle } from './permission-title.js'
import { wordsOf } from './usage-chart.js'
import { byPermission, unusedOf, type PermissionUse, type UsageRange } from './usage-data.js'

/** What a table of permissions and their use takes. */
export interface PermissionTableProps {
  readonly apiKey: KeyView
  readonly data: readonly UsagePoint[]
  readonly catalog: Catalog
  readonly range: UsageRange
}

/** Which permissions of a key were used, and which it has for nothing. */
export function PermissionTable({ apiKey, data, catalog, range }: PermissionTableProps): ReactElement {
  const { access } = apiKey
  const used = byPermission(data)
  const unused = unusedOf(access, catalog, data)
  const granted = catalog.permissions
    .filter(({ id }) => levelOf(access, id) !== 'none' && !used.some(({ permission }) => permission === id))
    .map(({ id }) => ({ permission: id, allowed: 0, denied: 0, read: 0, edit: 0 }))
  return (
    <Card title="By permission" flush>
      {unused.length > 0 && (
        <div className="usage-unused">
          <Notice title={`Not used in ${wordsOf(range)}`}>
            <p>{unused.join(', ')}. What nobody uses can be taken away.</p>
          </Notice>
        </div>
      )}
      <Table
        caption="Use by permission"
        columns={columnsOf(access, catalog)}
        rows={[...used, ...granted]}
        rowKey={({ permission }) => permission}
      />
    </Card>
  )
}

function columnsOf(access: Access, catalog: Catalog): readonly Column<PermissionUse>[] {
  const titleOf = permissionTitle(catalog)
  return [
    { id: 'permission', header: 'Permission', role: 'title', cell: ({ permission }) => titleOf(permission) },
    { id: 'level', header: 'The key has', cell: ({ permission }) => levelText(access, catalog, permission) },
    number('read', 'Read calls'),
    number('edit', 'Edit calls'),
    number('denied', 'Denied'),
  ]
}

function number(id: 'read' | 'edit' | 'denied', header: string): Column<PermissionUse> {
  return { id, header, align: 'end', cell: (use) => formatNumber(use[id]) }
}

function levelText(access: Access, catalog: Catalog, permission: string): string {
  if (!catalog.permissions.some(({ id }) => id === permission)) return '–'
  return access === 'full' ? 'Full access' : LEVEL_TITLES[levelOf(access, permission)]
}
