import type { CatalogView, NodesView, WorkspaceView } from '@bitting/client'
import { queryOptions } from '@tanstack/react-query'
import { get } from '../../api/transport.js'

/** The workspace and its settings. */
export const workspaceQuery = queryOptions({
  queryKey: ['workspace'],
  queryFn: ({ signal }) => get<WorkspaceView>('/v1/workspace', {}, signal),
})

/** The nodes that serve the workspace, asked for again while they are looked at. */
export const nodesQuery = queryOptions({
  queryKey: ['nodes'],
  queryFn: ({ signal }) => get<NodesView>('/v1/nodes', {}, signal),
  refetchInterval: 5_000,
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
