import type { LocalInstallation } from '../../local.js'
import { CommandError } from '../command-error.js'

/** A workspace as a list of them shows it. */
export interface NamedWorkspace {
  readonly id: string
  readonly name: string
}

/**
 * The workspace that a command is about: the one named, or else the oldest.
 *
 * @throws {CommandError} where there is none
 */
export async function chooseWorkspace(
  local: LocalInstallation,
  id: string | undefined,
): Promise<NamedWorkspace> {
  const workspaces = await local.listWorkspaces()
  const chosen = id === undefined ? workspaces[0] : workspaces.find((workspace) => workspace.id === id)
  if (chosen !== undefined) return chosen
  if (workspaces.length === 0) {
    throw new CommandError('there is no workspace yet', { hint: '`bitting bootstrap` makes the first' })
  }
  throw new CommandError(`there is no workspace ${id ?? ''}`, {
    hint: '`bitting workspaces list` shows the ids',
  })
}
