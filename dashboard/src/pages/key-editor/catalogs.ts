import type { CatalogView } from '@bitting/client'
import { assert, overlayCatalog, parseCatalog, type Catalog, type KeyKind } from '@bitting/core'
import { queryOptions, useQuery, type UseQueryResult } from '@tanstack/react-query'
import managementText from '../../../../catalogs/bitting.catalog?raw'
import { get } from '../../api/transport.js'

/** The catalog in force, as the API tells it. */
export const catalogQuery = queryOptions({
  queryKey: ['catalog'],
  queryFn: ({ signal }) => get<CatalogView>('/v1/catalog', {}, signal),
  staleTime: 60_000,
})

/**
 * The catalog that a key of this kind is restricted by, as core works with it: the workspace's with its overlay, and
 * for management keys that of the management API before it. A management key's levels of the protected API say what it
 * can grant, and open nothing by themselves, so only the operations of the management API are in that one.
 */
export function useCatalog(kind: KeyKind = 'api'): UseQueryResult<Catalog> {
  return useQuery({ ...catalogQuery, select: kind === 'api' ? toCatalog : toManagementCatalog })
}

const seen = new WeakMap<CatalogView, Catalog>()

/** The catalog that the API told, as core works with it: its operations laid over nothing by core's own rules. */
export function toCatalog(view: CatalogView): Catalog {
  const known = seen.get(view)
  if (known !== undefined) return known
  const { id, title, sections, operations } = view
  const permissions = sections.flatMap((section) => section.permissions)
  const empty: Catalog = { id, title, errors: 'problem', sections, permissions, operations: [] }
  const mapped = overlayCatalog(
    empty,
    operations.map(({ method, path, permission, level }) => ({
      method,
      path,
      permission,
      level: level ?? undefined,
    })),
  )
  assert(mapped.ok, 'the server sends a catalog that it accepted itself')
  const named = mapped.catalog.operations.map((it, index) => ({
    ...it,
    name: operations[index]?.name ?? it.name,
  }))
  const catalog = { ...mapped.catalog, operations: named }
  seen.set(view, catalog)
  return catalog
}

/** The catalog of the management API, which is that of the node: it comes in the same build. */
function managementCatalog(): Catalog {
  const parsed = parseCatalog(managementText)
  assert(parsed.ok, 'the catalog of the management API parses')
  return parsed.catalog
}

const united = new WeakMap<Catalog, Catalog>()

function toManagementCatalog(view: CatalogView): Catalog {
  const api = toCatalog(view)
  const known = united.get(api)
  if (known !== undefined) return known
  const own = managementCatalog()
  const catalog = {
    ...own,
    sections: [
      ...own.sections,
      ...api.sections.map(({ title, permissions }) => ({ title: `${title} (can grant)`, permissions })),
    ],
    permissions: [...own.permissions, ...api.permissions],
  }
  united.set(api, catalog)
  return catalog
}
