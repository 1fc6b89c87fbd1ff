import {
  accessExcess,
  ceilingExcess,
  conditionsWithin,
  environmentIncludes,
  NO_CONDITIONS,
  ProblemError,
  validateAccess,
  type Access,
  type Catalog,
  type Conditions,
  type Environment,
  type KeyKind,
} from '@bitting/core'
import type { Transaction } from 'kysely'
import type { Schema } from '../../storage/schema.js'
import type { Actor } from '../../audit/actor.js'
import type { ServiceContext } from '../context.js'
import { workspaceCatalog } from '../../feed/workspace.js'
import { ceilingsOf } from '../../storage/columns.js'
import { findWorkspace } from '../find-workspace.js'
import { currentAccess } from '../people/members.js'
import { accessOf, conditionsOf } from '../../storage/columns.js'
import { stateOf } from './record.js'

/** What a key is to be, or is: everything that makes one key stronger than another. */
export interface Grant {
  readonly kind: KeyKind
  readonly environment: Environment
  readonly access: Access
  readonly conditions: Conditions
}

/**
 * The access a caller asked for, checked against the catalog. A management key's list may also name permissions of
 * the protected API: they say what it can grant, and open nothing by themselves.
 *
 * @throws {ProblemError} invalid_access with every flaw by the permission's name
 */
export async function checkAccess(
  tx: Transaction<Schema>,
  context: ServiceContext,
  workspaceId: string,
  kind: KeyKind,
  access: unknown,
): Promise<Access> {
  const api = workspaceCatalog(context.catalogs.api, await findWorkspace(tx, workspaceId))
  const catalog = kind === 'api' ? api : unitedCatalog(context.catalogs.management, api)
  const checked = validateAccess(catalog, access)
  if (checked.ok) return checked.access
  throw new ProblemError('invalid_access', 'The access names what the catalog does not have.', {
    errors: checked.errors.map(({ permission, message }) => ({
      field: permission === null ? 'access' : `access.${permission}`,
      message,
    })),
  })
}

/**
 * Refuses a grant above its environment's ceiling or above what the actor has: of access, environment, and for
 * management keys also of time and place.
 *
 * @throws {ProblemError} ceiling_exceeded, grant_exceeds_own
 */
export async function checkGrant(
  tx: Transaction<Schema>,
  context: ServiceContext,
  actor: Actor,
  grant: Grant,
): Promise<void> {
  const workspace = await findWorkspace(tx, actor.workspaceId)
  const above =
    grant.kind === 'api' ? ceilingExcess(ceilingsOf(workspace), grant.environment, grant.access) : []
  if (above.length > 0) {
    throw new ProblemError(
      'ceiling_exceeded',
      `Keys of ${grant.environment} may not have this much: ${above.join(', ')}. Lower the access or raise the ceiling of the workspace.`,
      { errors: above.map((name) => ({ field: `access.${name}`, message: 'is above the ceiling' })) },
    )
  }
  await checkOwn(tx, context, actor, grant)
}

/**
 * Refuses what the actor's own key or role does not have. Read afresh in the transaction, so that a key which was just cut
 * or revoked grants nothing more.
 *
 * @throws {ProblemError} grant_exceeds_own
 */
export async function checkOwn(
  tx: Transaction<Schema>,
  context: ServiceContext,
  actor: Actor,
  grant: Grant,
): Promise<void> {
  if (actor.type === 'operator') return
  if (actor.type !== 'key') {
    checkRole(await currentAccess(tx, context, actor), grant)
    return
  }
  const own = await tx
    .selectFrom('keys')
    .selectAll()
    .where('workspace_id', '=', actor.workspaceId)
    .where('id', '=', actor.id)
    .executeTakeFirst()
  if (own === undefined || stateOf(own, context.now()) !== 'active') {
    throw exceeds('The key that asks for this is not active any more.')
  }
  const excess = accessExcess(accessOf(own.access), grant.access)
  if (excess.length > 0) {
    throw exceeds(
      `Your key has less than this: ${excess.join(', ')}. A key can grant at most what it has; use a key that has it.`,
      excess,
    )
  }
  if (!environmentIncludes(own.environment, grant.environment)) {
    throw exceeds(`A key of ${own.environment} cannot manage keys of ${grant.environment}.`)
  }
  if (grant.kind === 'management' && !conditionsWithin(conditionsOf(own), grant.conditions)) {
    throw exceeds(
      'A management key cannot make another that lives longer or reaches from more addresses than itself.',
    )
  }
}

/** Says whether a key opens so much that making one, or seeing a new token of one, asks for a recent sign-in. */
export function isPowerful({ kind, access }: Pick<Grant, 'kind' | 'access'>): boolean {
  return kind === 'management' || access === 'full'
}

function checkRole(own: Access | null, grant: Grant): void {
  if (own === null) throw exceeds('You are not a member of this workspace any more.')
  const excess = accessExcess(own, grant.access)
  if (excess.length === 0) return
  throw exceeds(
    `Your role has less than this: ${excess.join(', ')}. A member can grant at most what their role has; ask an owner or admin.`,
    excess,
  )
}

/**
 * Refuses whoever does not have everything, in production too: for changes that act on every key of the workspace.
 *
 * @throws {ProblemError} grant_exceeds_own
 */
export async function checkOwnsAll(
  tx: Transaction<Schema>,
  context: ServiceContext,
  actor: Actor,
): Promise<void> {
  await checkOwn(tx, context, actor, {
    kind: 'api',
    environment: 'production',
    access: 'full',
    conditions: NO_CONDITIONS,
  })
}

function exceeds(detail: string, permissions: readonly string[] = []): ProblemError {
  return new ProblemError('grant_exceeds_own', detail, {
    errors: permissions.map((name) => ({ field: `access.${name}`, message: 'is more than you have' })),
  })
}

function unitedCatalog(management: Catalog, api: Catalog): Catalog {
  return {
    ...management,
    sections: [...management.sections, ...api.sections],
    permissions: [...management.permissions, ...api.permissions],
  }
}
