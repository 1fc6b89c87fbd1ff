import type { CatalogView } from '@bitting/client'
import { LEVEL_TITLES, type OverlayMapping } from '@bitting/core'
import type { Change } from '../../ui/diff-list.js'

/** One row of the overlay while it is edited. */
export interface MappingDraft {
  /** Tells rows apart while they come and go. */
  readonly id: string
  readonly method: string
  readonly path: string
  readonly permission: string
  /** Empty where the permission has no level. */
  readonly level: string
}

/** What an operation or mapping asks of a key, in words: `Agent: Read`. */
export function requirementText(
  { permission, level }: { readonly permission: string; readonly level?: string | null | undefined },
  { sections }: Pick<CatalogView, 'sections'>,
): string {
  if (permission === 'any') return 'Any live key'
  if (permission === 'full') return 'Full access'
  const known = sections.flatMap(({ permissions }) => permissions).find(({ id }) => id === permission)
  const title = known?.title ?? permission
  return level === 'read' || level === 'edit' ? `${title}: ${LEVEL_TITLES[level]}` : title
}

/** The place of the first row that names no operation yet, -1 where there is none: `/` alone is the path of no call. */
export function unfilledRow(rows: readonly MappingDraft[]): number {
  return rows.findIndex(({ method, path }) => method.trim() === '' || /^\/?$/.test(path.trim()))
}

/** Rows as they are sent. */
export function mappingsOf(rows: readonly MappingDraft[]): OverlayMapping[] {
  return rows.map(({ method, path, permission, level }) => ({
    method: method.trim(),
    path: path.trim(),
    permission,
    ...(level !== '' && { level }),
  }))
}

/** Mappings as rows. */
export function rowsOf(overlay: readonly OverlayMapping[]): MappingDraft[] {
  return overlay.map(({ method, path, permission, level = '' }, at) => ({
    id: `kept-${String(at)}`,
    method,
    path,
    permission,
    level,
  }))
}

/** What an overlay makes of another: each operation with what it asked for and what it will. */
export function overlayChanges(
  before: readonly OverlayMapping[],
  after: readonly OverlayMapping[],
  catalog: CatalogView,
): Change[] {
  const was = new Map(before.map((mapping) => [nameOf(mapping), mapping]))
  const is = new Map(after.map((mapping) => [nameOf(mapping), mapping]))
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((field) => {
    const [old, now] = [was.get(field), is.get(field)]
    const inForce = old ?? catalog.operations.find((operation) => nameOf(operation) === field)
    const from = inForce === undefined ? 'Not mapped: full access' : requirementText(inForce, catalog)
    const to = now === undefined ? 'As the catalog says' : requirementText(now, catalog)
    return from === to && (old === undefined) === (now === undefined)
      ? []
      : [{ field, before: from, after: to }]
  })
}

function nameOf({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method} ${path}`
}
