import { LogKeys } from '../../server/src/audit/log-key.js'
import { loadRootKey } from '../../server/src/storage/root-key.js'

/** The keys of the logs of an installation whose root key is in its data directory. */
export async function logKeysOf(dataDirectory: string): Promise<LogKeys> {
  return new LogKeys(await loadRootKey({ dataDirectory, isLater: true }))
}
