import type { Catalog } from '@bitting/core'

const OTHERS: Readonly<Record<string, string>> = {
  any: 'Open to every key',
  unmapped: 'Not in the catalog',
  refused: 'Refused outright',
}

/** What a permission of the counts is called: its title, or words for what is none. */
export function permissionTitle(catalog: Catalog | undefined): (permission: string) => string {
  return (permission) =>
    catalog?.permissions.find(({ id }) => id === permission)?.title ?? OTHERS[permission] ?? permission
}
