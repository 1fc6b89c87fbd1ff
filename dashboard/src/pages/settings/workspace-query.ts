import type { CatalogView, WorkspaceView } from '@bitting/client'
import { queryOptions } from '@tanstack/react-query'
import { get } from '../../api/transport.js'

/** The workspace and its settings. */
export const workspaceQuery = queryOptions({
  queryKey: ['workspace'],
  queryFn: ({ signal }) => get<WorkspaceView>('/v1/workspace', {}, signal),
})

/** A catalog with a version of the workspace that is not newer than it: what is saved on top of it overwrites nothing. */
export interface VersionedCatalog {
  readonly catalog: CatalogView
  readonly version: number
}

/** The catalog in force, and the version for `If-Match`. */
export const versionedCatalogQuery = queryOptions({
  queryKey: ['catalog', 'versioned'],
  queryFn: async ({ signal }): Promise<VersionedCatalog> => {
    const { version } = await get<WorkspaceView>('/v1/workspace', {}, signal)
    return { version, catalog: await get<CatalogView>('/v1/catalog', {}, signal) }
  },
})
