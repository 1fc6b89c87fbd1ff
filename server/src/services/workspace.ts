import type { WorkspaceView } from '@bitting/client'
import {
  ceilingExcess,
  ENVIRONMENTS,
  isUsable,
  overlayCatalog,
  ProblemError,
  validateAccess,
  type Access,
  type Catalog,
  type Ceilings,
  type Environment,
  type OverlayMapping,
} from '@bitting/core'
import type { Transaction } from 'kysely'
import { policyOf, type AuditPolicy } from '../audit/policy.js'
import { originOf } from '../config.js'
import { workspaceCatalog } from '../feed/workspace.js'
import { accessOf, ceilingsOf, overlayOf, upstreamSealingContext } from '../storage/columns.js'
import type { Reader } from '../storage/database.js'
import type { Schema, WorkspaceRow } from '../storage/schema.js'
import { findWorkspace } from './find-workspace.js'
import { checkOwnsAll } from './keys/grant.js'
import { requireRecent } from './people/recent.js'
import type { Actor } from '../audit/actor.js'
import type { ServiceContext } from './context.js'
import { formatTime, stateOf } from './keys/record.js'
import type { Mutated } from './mutate.js'

/** What to change of a workspace. Absent members stay as they are. */
export interface UpdateWorkspaceInput {
  readonly name?: string | undefined
  readonly ceilings?: Readonly<Partial<Record<Environment, unknown>>> | undefined
  readonly upstream?: string | null | undefined
  readonly upstreamKey?: string | null | undefined
  readonly audit?: { readonly [K in keyof AuditPolicy]?: AuditPolicy[K] | undefined } | undefined
}

/** The workspace that somebody is acting in. */
export async function getWorkspace(context: ServiceContext, workspaceId: string): Promise<WorkspaceView> {
  const { read } = context.database
  return viewWorkspace(context, await findWorkspace(read, workspaceId), await readPolicy(read, workspaceId))
}

/** The catalog and overlay in force for a workspace, and the version of the workspace that has them. */
export async function getCatalog(
  context: ServiceContext,
  workspaceId: string,
): Promise<{
  readonly catalog: Catalog
  readonly overlay: readonly OverlayMapping[]
  readonly version: number
}> {
  const row = await findWorkspace(context.database.read, workspaceId)
  return {
    catalog: workspaceCatalog(context.catalogs.api, row),
    overlay: overlayOf(row),
    version: row.version,
  }
}

/**
 * Edits a workspace. Its name asks for the permission alone; ceilings and upstream act on every key, and the audit policy on
 * what is known of every key, so they ask for a key that has everything.
 *
 * @param version the version that the caller saw, null to change whatever is there
 * @throws {ProblemError} version_conflict, invalid_body, invalid_access, ceiling_conflict, grant_exceeds_own,
 * step_up_required
 */
export async function updateWorkspace(
  context: ServiceContext,
  actor: Actor,
  input: UpdateWorkspaceInput,
  version: number | null,
): Promise<Mutated<WorkspaceView>> {
  return context.mutate({ actor, operation: 'updateWorkspace' }, async (tx) => {
    const row = await findWorkspace(tx, actor.workspaceId)
    checkWorkspaceVersion(row, version)
    if (actsOnEveryKey(input)) await requireEverything(tx, context, actor)
    const ceilings = changedCeilings(context, row, input)
    if (input.ceilings !== undefined) await checkNoKeyAbove(tx, context, row.id, ceilings)
    const upstream = input.upstream === undefined ? row.upstream : checkUpstream(context, input.upstream)
    await tx
      .updateTable('workspaces')
      .set({
        name: input.name ?? row.name,
        ceilings: JSON.stringify(ceilings),
        upstream,
        sealed_upstream_key:
          input.upstreamKey === undefined
            ? row.sealed_upstream_key
            : sealUpstreamKey(context, row.id, input.upstreamKey),
        version: row.version + 1,
      })
      .where('id', '=', row.id)
      .execute()
    const policyBefore = await readPolicy(tx, row.id)
    const policy = { ...policyBefore, ...definedMembers(input.audit ?? {}) }
    if (input.audit !== undefined) await writePolicy(tx, row.id, policy)
    const result = viewWorkspace(context, await findWorkspace(tx, row.id), policy)
    const { name, upstream_key_set } = result
    return {
      result,
      audit: {
        action: 'workspace.update',
        resource: { type: 'workspace', id: row.id },
        details: {
          before: {
            name: row.name,
            ceilings: ceilingsOf(row),
            upstream: row.upstream,
            audit: viewPolicy(policyBefore),
          },
          after: {
            name,
            ceilings,
            upstream,
            upstream_key_set,
            upstream_key_changed: input.upstreamKey !== undefined,
            audit: viewPolicy(policy),
          },
        },
      },
      changed: [{ subject: 'workspace', id: row.id }],
    }
  })
}

function actsOnEveryKey({ ceilings, upstream, upstreamKey, audit }: UpdateWorkspaceInput): boolean {
  return [ceilings, upstream, upstreamKey, audit].some((value) => value !== undefined)
}

/**
 * What acts on every key, or on what is known of every key, asks for everything and for a recent sign-in.
 *
 * @throws {ProblemError} grant_exceeds_own, step_up_required
 */
async function requireEverything(
  tx: Transaction<Schema>,
  context: ServiceContext,
  actor: Actor,
): Promise<void> {
  await checkOwnsAll(tx, context, actor)
  requireRecent(context, actor)
}

/** An overlay, and the version of the workspace that has it. */
export interface CatalogOverlay {
  readonly mappings: readonly OverlayMapping[]
  readonly version: number
}

/**
 * Replaces the workspace's overlay of the catalog. It widens what other keys open, so only a key that has everything may.
 *
 * @param version the version of the workspace that the caller saw, null to change whatever is there
 * @throws {ProblemError} version_conflict, and invalid_body with every flaw by its place in the list
 */
export async function setCatalogOverlay(
  context: ServiceContext,
  actor: Actor,
  mappings: readonly OverlayMapping[],
  version: number | null,
): Promise<Mutated<CatalogOverlay>> {
  return context.mutate({ actor, operation: 'setCatalogOverlay' }, async (tx) => {
    await requireEverything(tx, context, actor)
    const merged = overlayCatalog(context.catalogs.api, mappings)
    if (!merged.ok) {
      throw new ProblemError('invalid_body', 'The overlay does not fit the catalog.', {
        errors: merged.errors.map(({ index, message }) => ({
          field: `operations.${String(index)}`,
          message,
        })),
      })
    }
    const row = await findWorkspace(tx, actor.workspaceId)
    checkWorkspaceVersion(row, version)
    await tx
      .updateTable('workspaces')
      .set({ overlay: JSON.stringify(mappings), version: row.version + 1 })
      .where('id', '=', row.id)
      .execute()
    return {
      result: { mappings, version: row.version + 1 },
      audit: {
        action: 'catalog.overlay',
        resource: { type: 'workspace', id: row.id },
        details: { before: overlayOf(row), after: mappings },
      },
      changed: [{ subject: 'workspace', id: row.id }],
    }
  })
}

function checkWorkspaceVersion(row: WorkspaceRow, version: number | null): void {
  if (version === null || version === row.version) return
  throw new ProblemError(
    'version_conflict',
    'The workspace was changed since you read it. Read it again, then repeat the change.',
  )
}

function changedCeilings(context: ServiceContext, row: WorkspaceRow, input: UpdateWorkspaceInput): Ceilings {
  const before = ceilingsOf(row)
  if (input.ceilings === undefined) return before
  const catalog = workspaceCatalog(context.catalogs.api, row)
  const changed: Record<Environment, Access> = { ...before }
  for (const environment of ENVIRONMENTS) {
    const wanted = input.ceilings[environment]
    if (wanted === undefined) continue
    const checked = validateAccess(catalog, wanted)
    if (!checked.ok) {
      throw new ProblemError('invalid_access', 'A ceiling names what the catalog does not have.', {
        errors: checked.errors.map(({ permission, message }) => ({
          field: `ceilings.${environment}${permission === null ? '' : `.${permission}`}`,
          message,
        })),
      })
    }
    changed[environment] = checked.access
  }
  return changed
}

/** A ceiling that some key is above would be a promise that is not kept, so those keys are cut first. */
async function checkNoKeyAbove(
  tx: Transaction<Schema>,
  context: ServiceContext,
  workspaceId: string,
  ceilings: Ceilings,
): Promise<void> {
  const rows = await tx
    .selectFrom('keys')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .where('kind', '=', 'api')
    .where('deleted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .execute()
  const above = rows.filter(
    (row) =>
      isUsable(stateOf(row, context.now())) &&
      ceilingExcess(ceilings, row.environment, accessOf(row.access)).length > 0,
  )
  if (above.length === 0) return
  const shown = above.slice(0, 20).map((row) => row.id)
  throw new ProblemError(
    'ceiling_conflict',
    `${String(above.length)} keys have more than the new ceiling. Restrict or revoke them first: ${shown.join(', ')}.`,
    { members: { keys: shown } },
  )
}

function checkUpstream(context: ServiceContext, text: string | null): string | null {
  if (text === null) return null
  const origin = originOf(text)
  if (origin !== null && context.upstreamOrigins.includes(origin)) return origin
  throw new ProblemError(
    'invalid_body',
    'The upstream is not one that the operator of this installation allows (BITTING_UPSTREAM_ORIGINS).',
    { errors: [{ field: 'upstream', message: `one of ${context.upstreamOrigins.join(', ')}` }] },
  )
}

function sealUpstreamKey(
  context: ServiceContext,
  workspaceId: string,
  key: string | null,
): Uint8Array | null {
  return key === null ? null : context.sealer.seal(Buffer.from(key), upstreamSealingContext(workspaceId))
}

async function readPolicy(read: Reader, workspaceId: string): Promise<AuditPolicy> {
  const row = await read
    .selectFrom('audit_policies')
    .selectAll()
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst()
  return policyOf(row)
}

async function writePolicy(
  tx: Transaction<Schema>,
  workspaceId: string,
  { calls, sampleRate, retentionDays, legalHold }: AuditPolicy,
): Promise<void> {
  const columns = {
    calls,
    sample_rate: String(sampleRate),
    retention_days: retentionDays,
    legal_hold: legalHold ? (1 as const) : (0 as const),
  }
  await tx
    .insertInto('audit_policies')
    .values({ workspace_id: workspaceId, ...columns })
    .onConflict((conflict) => conflict.column('workspace_id').doUpdateSet(columns))
    .execute()
}

function viewPolicy({ calls, sampleRate, retentionDays, legalHold }: AuditPolicy): WorkspaceView['audit'] {
  return { calls, sample_rate: sampleRate, retention_days: retentionDays, legal_hold: legalHold }
}

function definedMembers<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const members = Object.entries(value).filter(([, it]) => it !== undefined)
  return Object.fromEntries(members) as { [K in keyof T]: Exclude<T[K], undefined> }
}

function viewWorkspace(
  { gatewayUrl }: ServiceContext,
  row: WorkspaceRow,
  policy: AuditPolicy,
): WorkspaceView {
  return {
    id: row.id,
    name: row.name,
    ceilings: ceilingsOf(row),
    upstream: row.upstream,
    upstream_key_set: row.sealed_upstream_key !== null,
    gateway_url: gatewayUrl(),
    audit: viewPolicy(policy),
    version: row.version,
    created_at: formatTime(row.created_at),
  }
}
