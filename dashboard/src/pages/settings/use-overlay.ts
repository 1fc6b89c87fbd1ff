import type { OverlayMapping } from '@bitting/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { fieldErrors, isRefusal } from '../../api/problem.js'
import { send } from '../../api/transport.js'
import { toast } from '../../ui/toast.js'
import { mappingsOf, rowsOf, type MappingDraft } from './catalog-mapping.js'
import { versionedCatalogQuery, workspaceQuery, type VersionedCatalog } from './workspace-query.js'

/** The overlay while it is edited. */
export interface OverlayState {
  readonly rows: readonly MappingDraft[]
  readonly setRows: (rows: readonly MappingDraft[]) => void
  /** What the rows are an edition of. */
  readonly base: VersionedCatalog
  readonly dirty: boolean
  /** Whether somebody saved other mappings meanwhile. */
  readonly isBehind: boolean
  readonly pending: boolean
  readonly error: unknown
  readonly errors: Readonly<Record<string, string>>
  readonly save: () => Promise<void>
  readonly keepMine: () => void
  readonly takeTheirs: () => void
}

/** Edits the overlay: it is saved as a whole, and never over what somebody else saved meanwhile. */
export function useOverlay(live: VersionedCatalog): OverlayState {
  const client = useQueryClient()
  const [{ base, rows }, setState] = useState(() => startOf(live))
  const [pending, setPending] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const dirty = textOf(mappingsOf(rows)) !== textOf(base.catalog.overlay)
  const isBehind = textOf(base.catalog.overlay) !== textOf(live.catalog.overlay)
  const follow = (): void => setState(startOf(live))
  if (isBehind && !dirty) follow()

  async function refetch(): Promise<VersionedCatalog> {
    await client.refetchQueries(versionedCatalogQuery)
    return client.getQueryData(versionedCatalogQuery.queryKey) ?? live
  }

  async function save(): Promise<void> {
    setPending(true)
    setError(null)
    try {
      await put(mappingsOf(rows), live.version, base, refetch)
      setState(startOf(await refetch()))
      toast('The mappings were saved.')
      await Promise.all([
        client.invalidateQueries({ queryKey: ['catalog'], exact: true }),
        client.invalidateQueries(workspaceQuery),
      ])
    } catch (failure) {
      setError(failure)
    } finally {
      setPending(false)
    }
  }

  const settle = (then: () => void) => () => {
    setError(null)
    then()
  }
  return {
    rows,
    setRows: (next) => {
      // What was wrong is told by place, and places may have changed.
      setError(null)
      setState({ base, rows: next })
    },
    base,
    dirty,
    isBehind,
    pending,
    error: isBehind || Object.keys(fieldErrors(error)).length > 0 ? null : error,
    errors: fieldErrors(error),
    save,
    keepMine: settle(() => setState({ base: live, rows })),
    takeTheirs: settle(follow),
  }
}

/** Where others have changed the workspace, but not its overlay, it is saved on top of theirs. */
async function put(
  operations: readonly OverlayMapping[],
  version: number,
  base: VersionedCatalog,
  refetch: () => Promise<VersionedCatalog>,
): Promise<void> {
  const request = { method: 'PUT', path: '/v1/catalog/overlay', body: { operations } } as const
  try {
    await send({ ...request, version })
  } catch (failure) {
    if (!isRefusal(failure, 'version_conflict')) throw failure
    const fresh = await refetch()
    if (textOf(fresh.catalog.overlay) !== textOf(base.catalog.overlay)) throw failure
    await send({ ...request, version: fresh.version })
  }
}

function startOf(versioned: VersionedCatalog): {
  readonly base: VersionedCatalog
  readonly rows: readonly MappingDraft[]
} {
  return { base: versioned, rows: rowsOf(versioned.catalog.overlay) }
}

function textOf(value: readonly object[]): string {
  return JSON.stringify(
    value.map((mapping) => Object.entries(mapping).sort(([left], [right]) => (left < right ? -1 : 1))),
  )
}
