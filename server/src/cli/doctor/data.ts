import { access, constants, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../config.js'
import type { Diagnosis } from '../../diagnosis.js'
import { loadRootKey } from '../../storage/root-key.js'
import type { CommandContext } from '../context.js'
import { describeError } from '../report.js'
import { count, shellQuote } from '../text.js'
import { checkerOf, type Check } from './check.js'

const FREE_BYTES_MIN = 256 * 1024 * 1024
const CLOCK_MILLISECONDS_MAX = 5000
/** When this was written: a clock that is behind it never was set. */
const CLOCK_MILLISECONDS_MIN = Date.UTC(2026, 0, 1)

/** What is kept: the data directory, the root key and the database. */
export async function checkData(context: CommandContext, config: Config): Promise<Check[]> {
  const directory = await checkDirectory(config)
  const diagnosis = await context.programs.diagnose(config)
  return [
    directory,
    await checkRootKey(config, diagnosis),
    checkDatabase(diagnosis),
    checkClock(context.nowMilliseconds(), diagnosis),
  ]
}

async function checkDirectory({ dataDirectory: path }: Config): Promise<Check> {
  const directory = checkerOf('data directory')
  const status = await stat(path).catch(() => null)
  if (status === null) return directory.ok(`${path} is not there yet; the first start makes it`)
  if (!status.isDirectory()) return directory.fail(`${path} is no directory`, 'set BITTING_DATA_DIR to one')
  const writable = await access(path, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
  if (!writable)
    return directory.fail(`${path} cannot be written`, 'run bitting as the owner of the directory')
  const { bavail, bsize } = await statfs(path)
  if (bavail * bsize < FREE_BYTES_MIN) {
    return directory.warn(`${path} has less than 256 MB of room`, 'make room before the disk is full')
  }
  if (process.platform !== 'win32' && (status.mode & 0o077) !== 0) {
    return directory.warn(`other users can look into ${path}`, `chmod 700 ${shellQuote(path)}`)
  }
  return directory.ok(path)
}

async function checkRootKey(config: Config, diagnosis: Diagnosis): Promise<Check> {
  const rootKey = checkerOf('root key')
  const path = join(config.dataDirectory, 'root.key')
  const file = config.rootKey === null ? await stat(path).catch(() => null) : null
  if (config.rootKey === null && file === null) {
    if ((diagnosis.workspaces ?? 0) === 0) return rootKey.ok('not there yet; the first start makes it')
    return rootKey.fail(`${path} is gone, and without it no key verifies`, 'bring it back from your backup')
  }
  if (file !== null && process.platform !== 'win32' && (file.mode & 0o077) !== 0) {
    return rootKey.fail(`other users can read ${path}`, `chmod 600 ${shellQuote(path)}`)
  }
  try {
    await loadRootKey({ dataDirectory: config.dataDirectory, value: config.rootKey ?? undefined })
  } catch (error) {
    return rootKey.fail(describeError(error).message, 'bring the key back from your backup')
  }
  if (diagnosis.rootKeyFits === false) {
    return rootKey.fail(
      'it does not open what is sealed in the database',
      'bring the key of this database back',
    )
  }
  return rootKey.ok(
    file === null ? 'set by BITTING_ROOT_KEY' : `${path}; keep a copy of it apart from the database`,
  )
}

function checkDatabase(diagnosis: Diagnosis): Check {
  const database = checkerOf('database')
  const { engine, reason, schemaVersion, schemaVersionKnown, workspaces } = diagnosis
  const name = engine === 'sqlite' ? 'SQLite' : 'PostgreSQL'
  switch (diagnosis.database) {
    case 'ready':
      return database.ok(`${name}, schema ${String(schemaVersion)}, ${count(workspaces ?? 0, 'workspace')}`)
    case 'absent':
      return database.ok(`${name}, nothing there yet; the first start makes it`)
    case 'outdated':
      return database.ok(
        `${name}, schema ${String(schemaVersion)}; the next start brings it to ${String(schemaVersionKnown)}`,
      )
    case 'newer':
      return database.fail(
        `${name} has schema ${String(schemaVersion)}, and this bitting knows ${String(schemaVersionKnown)}`,
        'run the newer bitting, or restore a backup from before it',
      )
    case 'unreachable':
      return database.fail(
        reason?.startsWith(name) === true ? reason : `${name}: ${reason ?? 'it does not answer'}`,
        engine === 'sqlite'
          ? 'see who may read the files in BITTING_DATA_DIR, or bring them back from your backup'
          : 'check BITTING_DATABASE_URL, and that the database runs',
      )
  }
}

function checkClock(now: number, { databaseTimeMilliseconds: other }: Diagnosis): Check {
  const clock = checkerOf('clock')
  const hint = 'let the machines set their clocks (NTP): keys expire by them'
  const shown = `${new Date(now).toISOString().slice(0, 19)}Z`
  if (now < CLOCK_MILLISECONDS_MIN) return clock.fail(`it is ${shown}, which is long past`, hint)
  const difference = other === null ? 0 : Math.abs(other - now)
  if (difference <= CLOCK_MILLISECONDS_MAX) return clock.ok(shown)
  return clock.warn(`it is ${(difference / 1000).toFixed(0)} s off the clock of the database`, hint)
}
