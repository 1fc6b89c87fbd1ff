import type { Catalog } from './catalog.js'
import type { OperationMatcher } from './operation-matcher.js'
import type { KeyKind } from './token.js'

/** A catalog in force and its compiled operations. */
export interface ActiveCatalog {
  readonly catalog: Catalog
  readonly matcher: OperationMatcher
}

/** What verification needs to know of a workspace: which catalog judges each kind of key. */
export interface TableWorkspace {
  readonly id: string
  readonly catalogs: Readonly<Record<KeyKind, ActiveCatalog>>
}
