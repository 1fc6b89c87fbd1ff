import { readConfig, type Config } from '../config.js'
import type { LocalInstallation } from '../local.js'
import type { CommandContext } from './context.js'

/** Works on the installation's own database, whether or not a server runs on it, and lets go of it after. */
export async function withLocal<T>(
  context: CommandContext,
  work: (local: LocalInstallation, config: Config) => Promise<T>,
): Promise<T> {
  const config = readConfig(context.variables)
  const local = await context.programs.openLocal(config)
  try {
    return await work(local, config)
  } finally {
    await local.close()
  }
}
