import { operatorOf, type Origin } from '../../audit/actor.js'
import { insertWorkspace, newWorkspaceId, requireSetupCode, spendSetupCode } from '../setup.js'
import { beginAttempt } from './attempts.js'
import type { PeopleContext } from './context.js'
import { checkPassword, hashPassword } from './password.js'
import { startSession, type NewSession } from './sessions.js'
import { insertUser, normaliseEmail } from './users.js'

/** Who becomes the first owner, and what their workspace is called where there is none yet. */
export interface SetUpInput {
  readonly code: string
  readonly email: string
  readonly name: string
  readonly password: string
  readonly workspaceName: string
}

/**
 * Looks at a setup code without using it. Wrong ones count as attempts of where they come from.
 *
 * @throws {ProblemError} invalid_token where the code is unknown, spent or too old, too_many_attempts
 */
export async function checkSetupCode(context: PeopleContext, code: string, origin: Origin): Promise<void> {
  const attempt = await beginAttempt(context, null, origin.address)
  await requireSetupCode(context.database.read, context, code)
  await attempt.succeed()
}

/**
 * Uses the one-time link of the first start: makes its holder an owner of the first workspace, which is made where there
 * is none, and signs them in. The code, the workspace, the account and the membership are one transaction.
 *
 * @throws {ProblemError} invalid_token for a code that is spent or too old, too_many_attempts, invalid_body for a weak
 * password, sign_in_first where the address has an account
 */
export async function setUp(context: PeopleContext, input: SetUpInput, origin: Origin): Promise<NewSession> {
  const { code, name } = input
  const email = normaliseEmail(input.email)
  checkPassword(input.password, { email, name })
  await checkSetupCode(context, code, origin)
  const passwordHash = await hashPassword(input.password)
  const first = await context.database.read
    .selectFrom('workspaces')
    .select('id')
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  const workspaceId = first?.id ?? newWorkspaceId(context)
  const actor = { ...operatorOf(workspaceId), origin }
  const { result: userId } = await context.mutate({ actor, operation: 'createOwner' }, async (tx) => {
    await spendSetupCode(tx, context, code)
    const made =
      first === undefined ? await insertWorkspace(tx, context, workspaceId, input.workspaceName) : null
    const id = await insertUser(tx, context, { email, name, passwordHash })
    await tx
      .insertInto('members')
      .values({
        workspace_id: workspaceId,
        user_id: id,
        role: 'owner',
        sso_only: 0,
        version: 1,
        created_at: context.now(),
        created_by: 'operator',
      })
      .execute()
    const joined = {
      action: 'member.join',
      resource: { type: 'user', id },
      details: { role: 'owner' },
      personal: { metadata: { email } },
    } as const
    return {
      result: id,
      audit: made === null ? [joined] : [made.audit, joined].flat(),
      changed: made?.changed ?? [],
    }
  })
  return startSession(context, { userId, method: 'setup', secondFactor: false, workspaceId, origin })
}
