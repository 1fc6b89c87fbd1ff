import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { postgresAccount, postgresBinaries, type Account } from './postgres-binaries.js'

const run = promisify(execFile)
const GUARD = fileURLToPath(new URL('postgres-guard.mjs', import.meta.url))
const ENVIRONMENT = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }
const START_ATTEMPTS_MAX = 5

/** A PostgreSQL of this process's own, which ends with it. */
export interface PostgresServer {
  /** The URL of its superuser and the database `postgres`. */
  readonly url: string
  /** Stops it and removes all its files. */
  stop(): Promise<void>
}

/** How to start a PostgreSQL. */
export interface PostgresOptions {
  /** True to have it flush to the disk as in production; default false, which is much faster. */
  readonly durable?: boolean
}

interface Installation {
  readonly directory: string
  readonly binaries: string
  readonly password: string
  readonly account: Account
}

/** Starts a PostgreSQL on a free port of the loopback interface, in a temporary directory. */
export async function startPostgres({ durable = false }: PostgresOptions = {}): Promise<PostgresServer> {
  const account = postgresAccount()
  // Root's own temporary directory may be closed to the account that the server runs under.
  const directory = await mkdtemp(join(account.uid === undefined ? tmpdir() : '/tmp', 'bitting-pg-'))
  try {
    if (account.uid !== undefined && account.gid !== undefined)
      await chown(directory, account.uid, account.gid)
    const binaries = await postgresBinaries(directory, account)
    const installation = { directory, binaries, password: randomBytes(24).toString('hex'), account }
    await initialise(installation)
    for (let attempt = 1; attempt <= START_ATTEMPTS_MAX; attempt++) {
      const server = await tryStart(installation, durable)
      if (server !== null) return server
    }
    throw new Error(`PostgreSQL does not start:\n${await readFile(join(directory, 'log'), 'utf8')}`)
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function initialise({ directory, binaries, password, account }: Installation): Promise<void> {
  const passwordFile = join(directory, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (account.uid !== undefined && account.gid !== undefined)
    await chown(passwordFile, account.uid, account.gid)
  const parameters = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  parameters.push('--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions')
  // The password is random: its hash needs no slowing down.
  parameters.push('--set=scram_iterations=1', `--pgdata=${join(directory, 'data')}`)
  await run(join(binaries, 'initdb'), parameters, { ...account, env: ENVIRONMENT, cwd: directory })
}

/** Starts the server, null where it ended at once: somebody else took the port in between. */
async function tryStart(installation: Installation, durable: boolean): Promise<PostgresServer | null> {
  const { directory, binaries, password, account } = installation
  const port = await freePort()
  const order = {
    directory,
    log: join(directory, 'log'),
    command: join(binaries, 'postgres'),
    parameters: [
      `-D${join(directory, 'data')}`,
      ...settings(port, durable).flatMap((setting) => ['-c', setting]),
    ],
    options: { ...account, env: ENVIRONMENT, cwd: directory },
  }
  const guard = spawn(process.execPath, [GUARD, JSON.stringify(order)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const ended = new Promise((resolve) => guard.once('exit', resolve))
  const url = `postgres://postgres:${password}@127.0.0.1:${String(port)}/postgres`
  if (!(await answers(url, guard))) return null
  return {
    url,
    stop: async () => {
      guard.stdin.end()
      await ended
    },
  }
}

function settings(port: number, durable: boolean): string[] {
  const fast = ['fsync=off', 'full_page_writes=off']
  return [
    'listen_addresses=127.0.0.1',
    `port=${String(port)}`,
    'unix_socket_directories=',
    'max_connections=200',
    'shared_buffers=64MB',
    'wal_level=minimal',
    'max_wal_senders=0',
    ...(durable ? [] : fast),
  ]
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Waits until the server lets one in; false when it ended instead. */
async function answers(url: string, guard: ChildProcess): Promise<boolean> {
  while (guard.exitCode === null) {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return true
    } catch {
      await sleep(20)
    } finally {
      await client.end().catch(() => undefined)
    }
  }
  return false
}
