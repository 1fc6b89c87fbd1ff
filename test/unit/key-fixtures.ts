import { createHash } from 'node:crypto'
import {
  OperationMatcher,
  parseCatalog,
  type ActiveCatalog,
  type Catalog,
  type KeyEntry,
  type TableWorkspace,
} from '@bitting/core'

/** SHA-256 as verification takes it: 32 characters of one byte each. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('binary')
}

/** SHA-256 as the table takes it: 32 bytes. */
export function digestBytesOf(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}

/** The catalog of a text that has no errors. */
export function catalogOf(text: string): Catalog {
  const parsed = parseCatalog(text)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors))
  return parsed.catalog
}

export function activate(catalog: Catalog): ActiveCatalog {
  return { catalog, matcher: new OperationMatcher(catalog.operations) }
}

/** The protected API of these tests: two permissions with all levels, one without Read. */
export const API: ActiveCatalog = activate(
  catalogOf(`catalog phones
title Phones
errors problem
section Build
permission agent    none read edit  Agent
  Agents.
section Run
permission history  none read edit  History
  History.
permission call     none edit       Call
  Calls.
operations agent read
  GET  /agents/{id}  agent.get
operations agent edit
  POST  /agents  agent.create
operations history read
  GET  /calls  call.list
operations call edit
  POST  /calls
operations any
  GET  /limits  limits
operations full
  GET  /contacts  contact.list
`),
)

/** The management API of these tests. */
export const MANAGEMENT: ActiveCatalog = activate(
  catalogOf(`catalog manage
title Manage
errors problem
section Manage
permission keys  none read edit  Keys
  Keys.
operations keys read
  GET  /v1/keys  listKeys
operations keys edit
  POST  /v1/keys  createKey
`),
)

export const WORKSPACE: TableWorkspace = { id: 'ws_a', catalogs: { api: API, management: MANAGEMENT } }

/** An active secret without conditions that can do nothing, and whatever is to be different. */
export function entryOf(secretId: string, changes: Partial<KeyEntry> = {}): KeyEntry {
  return {
    secretId,
    digest: digestBytesOf(secretId),
    workspaceId: WORKSPACE.id,
    kind: 'api',
    state: 'active',
    retiring: false,
    full: false,
    mask: [0, 0],
    expiresAt: null,
    notBefore: null,
    allowedAddresses: null,
    ...changes,
  }
}
