import type { Transaction } from 'kysely'
import { NO_CONDITIONS, OPEN_CEILINGS, ProblemError, randomBase62 } from '@bitting/core'
import type { Reader, WritableDatabase } from '../storage/database.js'
import type { Schema } from '../storage/schema.js'
import { operatorOf } from '../audit/actor.js'
import type { ServiceContext } from './context.js'
import { createKey } from './keys/create.js'
import type { Mutation } from './mutate.js'
import { textHash } from './text-hash.js'

/** A workspace that was just made, and the one token that opens it. */
export interface NewWorkspace {
  readonly workspaceId: string
  readonly managementKey: string
}

const WORKSPACE_ID_LENGTH = 12
const SETUP_CODE_LENGTH = 43
/** How long a setup link works, in seconds: an hour. It opens everything, so it must not lie about for ever. */
const SETUP_CODE_SECONDS = 3600

/** Says whether the installation has a workspace. */
export async function isSetUp(context: Pick<ServiceContext, 'database'>): Promise<boolean> {
  const row = await context.database.read.selectFrom('workspaces').select('id').limit(1).executeTakeFirst()
  return row !== undefined
}

/**
 * Makes a workspace and, in it, a management key with full access. For whoever runs the program.
 *
 * @param onlyFirst refuse where there is a workspace already, also one that is made at the same moment
 * @throws {ProblemError} already_set_up
 */
export async function createWorkspace(
  context: ServiceContext,
  name: string,
  onlyFirst = false,
): Promise<NewWorkspace> {
  const workspaceId = newWorkspaceId(context)
  await context.mutate({ actor: operatorOf(workspaceId), operation: 'createWorkspace' }, async (tx) => {
    if (onlyFirst) await requireNone(tx)
    return insertWorkspace(tx, context, workspaceId, name)
  })
  return { workspaceId, managementKey: await createOwnerKey(context, workspaceId, 'Owner') }
}

/** The id of a workspace that is about to be made. */
export function newWorkspaceId(context: Pick<ServiceContext, 'randomBytes'>): string {
  return `ws_${randomBase62(WORKSPACE_ID_LENGTH, context.randomBytes)}`
}

/** Makes a workspace, in the transaction of whoever makes it. */
export async function insertWorkspace(
  tx: Transaction<Schema>,
  context: Pick<ServiceContext, 'now'>,
  id: string,
  name: string,
): Promise<Mutation<string>> {
  await tx
    .insertInto('workspaces')
    .values({
      id,
      name,
      ceilings: JSON.stringify(OPEN_CEILINGS),
      overlay: '[]',
      upstream: null,
      sealed_upstream_key: null,
      audit_size: 0,
      version: 1,
      created_at: context.now(),
    })
    .execute()
  return {
    result: id,
    audit: { action: 'workspace.create', resource: { type: 'workspace', id }, details: { name } },
    changed: [{ subject: 'workspace', id }],
  }
}

/** Locks the installation's one row, so that of two first workspaces the second finds the first. */
async function requireNone(tx: Transaction<Schema>): Promise<void> {
  await tx
    .updateTable('installation')
    .set((row) => ({ revision: row.ref('revision') }))
    .where('id', '=', 1)
    .execute()
  const first = await tx.selectFrom('workspaces').select('id').limit(1).executeTakeFirst()
  if (first !== undefined) throw new ProblemError('already_set_up', 'There is a workspace already.')
}

/** Makes a management key with full access in a workspace, for whoever runs the program: the way back in. */
export async function createOwnerKey(
  context: ServiceContext,
  workspaceId: string,
  name: string,
): Promise<string> {
  const { token } = await createKey(context, operatorOf(workspaceId), {
    kind: 'management',
    name,
    environment: 'production',
    access: 'full',
    conditions: NO_CONDITIONS,
    note: 'Made by the operator of the installation.',
  })
  if (token === null) throw new ProblemError('internal', 'The new key came without its token.')
  return token
}

/**
 * Makes a one-time code with which the first person sets the installation up. Only its hash is stored, and older
 * codes end: the last link printed is the one that works.
 */
export async function createSetupCode(context: ServiceContext, database: WritableDatabase): Promise<string> {
  const code = randomBase62(SETUP_CODE_LENGTH, context.randomBytes)
  await database.transact(async (tx) => {
    await tx.deleteFrom('setup_codes').where('used_at', 'is', null).execute()
    await tx
      .insertInto('setup_codes')
      .values({ code_hash: textHash(code), created_at: context.now(), used_at: null })
      .execute()
  })
  return code
}

/**
 * Refuses a setup code that opens nothing, before anything costly is done for whoever brings it.
 *
 * @throws {ProblemError} invalid_token where the code is unknown, spent or too old
 */
export async function requireSetupCode(
  reader: Reader,
  context: Pick<ServiceContext, 'now'>,
  code: string,
): Promise<void> {
  const found = await reader
    .selectFrom('setup_codes')
    .select('code_hash')
    .where('code_hash', '=', textHash(code))
    .where('used_at', 'is', null)
    .where('created_at', '>', context.now() - SETUP_CODE_SECONDS)
    .executeTakeFirst()
  if (found === undefined) throw codeIsOver()
}

/**
 * Spends a setup code, in the transaction of what it opens, so that of two who hold it one gets in.
 *
 * @throws {ProblemError} invalid_token where the code is unknown, spent or too old
 */
export async function spendSetupCode(
  tx: Transaction<Schema>,
  context: Pick<ServiceContext, 'now'>,
  code: string,
): Promise<void> {
  await requireSetupCode(tx, context, code)
  const spent = await tx
    .updateTable('setup_codes')
    .set({ used_at: context.now() })
    .where('code_hash', '=', textHash(code))
    .where('used_at', 'is', null)
    .returning('code_hash')
    .executeTakeFirst()
  if (spent === undefined) throw codeIsOver()
}

function codeIsOver(): ProblemError {
  return new ProblemError(
    'invalid_token',
    'This setup link was used already, replaced by a newer one, or is older than an hour. Restart the server for a new link, or run `bitting bootstrap`.',
  )
}
