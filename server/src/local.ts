import type { Config } from './config.js'
import { openInstallation, serviceContext } from './installation.js'
import {
  createOwnerKey,
  createSetupCode,
  createWorkspace,
  isSetUp,
  type NewWorkspace,
} from './services/setup.js'

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
  close(): Promise<void>
}

/** Opens an installation beside whatever server runs on it: running nodes learn of changes from the change log. */
export async function openLocal(config: Config): Promise<LocalInstallation> {
  const installation = await openInstallation(config)
  const { database } = installation
  const context = serviceContext(installation, config, () => Promise.resolve())
  return {
    isSetUp: () => isSetUp(context),
    createWorkspace: (name, onlyFirst) => createWorkspace(context, name, onlyFirst),
    listWorkspaces: () =>
      database.read
        .selectFrom('workspaces')
        .select(['id', 'name', 'created_at'])
        .orderBy('created_at')
        .orderBy('id')
        .execute(),
    createOwnerKey: (workspaceId, name) => createOwnerKey(context, workspaceId, name),
    createSetupCode: () => createSetupCode(context, database),
    close: () => database.close(),
  }
}
