import { overlayCatalog, type Catalog } from '@bitting/core'
import type { RecordedWorkspace } from '../audit/calls.js'
import { overlayOf } from '../storage/columns.js'
import type { WorkspaceRow } from '../storage/schema.js'

/** A workspace as the nodes know it: what verification needs, where its calls go, and which are recorded. */
export interface Workspace extends RecordedWorkspace {
  readonly name: string
  /** The workspace's own upstream: its origin and the credential it wants, each null for the installation's. */
  readonly upstream: { readonly origin: string | null; readonly key: string | null } | null
}

/**
 * The catalog in force for a workspace's keys. A mapping that the catalog no longer takes (its file was edited) falls
 * away with the rest of the overlay, which leaves those operations to full keys: it allows less, never more.
 */
export function workspaceCatalog(api: Catalog, row: WorkspaceRow): Catalog {
  const merged = overlayCatalog(api, overlayOf(row))
  return merged.ok ? merged.catalog : api
}
