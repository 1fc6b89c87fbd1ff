import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { Card } from '../../ui/card.js'
import { QueryView } from '../../ui/query-view.js'
import { SkeletonText } from '../../ui/skeleton.js'
import { CatalogOperations } from './catalog-operations.js'
import { CatalogOverlay } from './catalog-overlay.js'
import { CatalogPermissions } from './catalog-permissions.js'
import { ReadOnlyNotice } from './settings-access.js'
import './settings.css'
import { versionedCatalogQuery } from './workspace-query.js'

/** The permissions and operations in force, and what this workspace maps itself. */
export function CatalogSettings(): ReactElement {
  const versioned = useQuery(versionedCatalogQuery)
  return (
    <QueryView
      query={versioned}
      title="The catalog could not be loaded"
      pending={
        <Card title="Catalog">
          <SkeletonText lines={12} />
        </Card>
      }
    >
      {(data) => (
        <div className="settings-parts">
          <ReadOnlyNotice />
          <CatalogOverlay versioned={data} />
          <CatalogOperations catalog={data.catalog} />
          <CatalogPermissions catalog={data.catalog} />
        </div>
      )}
    </QueryView>
  )
}
