/** How often one key used a permission at a level in one hour. Hours without use have no row. */
export interface KeyUsageHourRow {
  workspace_id: string
  key_id: string
  /** A permission of the catalog, or what stands where none was asked for. */
  permission: string
  level: 'read' | 'edit'
  /** The beginning of the hour, in whole seconds since 1970 UTC. */
  hour: number
  allowed: number
  denied: number
}

/** The same for all keys of a workspace together. */
export type WorkspaceUsageHourRow = Omit<KeyUsageHourRow, 'key_id'>
