import { setTimeout as sleep } from 'node:timers/promises'
import type { InvitationWithLink, MemberView, Page } from '@bitting/client'
import type { Role } from '@bitting/core'
import { operatorOf } from './audit/actor.js'
import { dashboardUrl, type Config } from './config.js'
import { openInstallation, serviceContext } from './installation.js'
import type { ServiceContext } from './services/context.js'
import { listNodes } from './services/nodes.js'
import { createInvitation } from './services/people/invitations.js'
import { listMembers } from './services/people/manage-members.js'
import {
  createOwnerKey,
  createSetupCode,
  createWorkspace,
  isSetUp,
  type NewWorkspace,
} from './services/setup.js'
import type { Database } from './storage/database.js'

/** What whoever runs the program can do at the machine that holds its data, with or without a running server. */
export interface LocalInstallation {
  /** Says whether there is a workspace. */
  isSetUp(): Promise<boolean>
  /** With `onlyFirst`, only where there is no workspace yet. */
  createWorkspace(name: string, onlyFirst?: boolean): Promise<NewWorkspace>
  /** The workspaces, oldest first. Times are whole seconds since 1970 UTC. */
  listWorkspaces(): Promise<{ id: string; name: string; created_at: number }[]>
  /** A new management key with full access: the way back in for somebody who lost theirs. */
  createOwnerKey(workspaceId: string, name: string): Promise<string>
  /** A new one-time code for `/setup`; older ones end. */
  createSetupCode(): Promise<string>
  /** Invites somebody to a workspace, as an owner too: the way back in for people. */
  inviteMember(workspaceId: string, email: string, role: Role): Promise<InvitationWithLink>
  /** The people of a workspace, whoever joined last first. */
  listMembers(workspaceId: string): Promise<MemberView[]>
  close(): Promise<void>
}

/** Opens an installation beside whatever server runs on it: running nodes learn of changes from the change log. */
export async function openLocal(config: Config): Promise<LocalInstallation> {
  const installation = await openInstallation(config)
  const { database } = installation
  const known = async <T>(result: T): Promise<T> => {
    await waitForNodes(database)
    return result
  }
  const context = serviceContext(installation, config, () => Promise.resolve())
  return {
    isSetUp: () => isSetUp(context),
    createWorkspace: (name, onlyFirst) => createWorkspace(context, name, onlyFirst).then(known),
    listWorkspaces: () =>
      database.read
        .selectFrom('workspaces')
        .select(['id', 'name', 'created_at'])
        .orderBy('created_at')
        .orderBy('id')
        .execute(),
    createOwnerKey: (workspaceId, name) => createOwnerKey(context, workspaceId, name).then(known),
    createSetupCode: () => createSetupCode(context, database),
    inviteMember: async (workspaceId, email, role) => {
      const inviting = { ...context, publicUrl: dashboardUrl(config.publicUrl) }
      return (await createInvitation(inviting, operatorOf(workspaceId), { email, role })).result
    },
    listMembers: (workspaceId) => everyMember(context, workspaceId),
    close: () => database.close(),
  }
}

async function everyMember(
  context: Pick<ServiceContext, 'database'>,
  workspaceId: string,
): Promise<MemberView[]> {
  const members: MemberView[] = []
  let cursor: string | null = null
  do {
    const page: Page<MemberView> = await listMembers(context, workspaceId, { limit: 100, cursor })
    members.push(...page.data)
    cursor = page.next_cursor
  } while (cursor !== null)
  return members
}

const WAIT_MILLISECONDS_MAX = 3_000
const WAIT_STEP_MILLISECONDS = 50

/** Waits until the running nodes know of what was just written, so that a new key works when it is shown; not for ever. */
async function waitForNodes(database: Database): Promise<void> {
  const { revision } = await listNodes(database, Date.now())
  for (let waited = 0; waited < WAIT_MILLISECONDS_MAX; waited += WAIT_STEP_MILLISECONDS) {
    const { nodes } = await listNodes(database, Date.now())
    if (nodes.every((node) => node.revision >= revision)) return
    await sleep(WAIT_STEP_MILLISECONDS)
  }
}
