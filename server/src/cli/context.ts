import type { ManagementClient } from '@bitting/client'
import { readClientSetting, type Config, type EnvironmentVariables } from '../config.js'
import type { Diagnosis } from '../diagnosis.js'
import type { LocalInstallation } from '../local.js'
import type { RunningServer } from '../serve.js'
import { CommandError } from './command-error.js'
import { EXIT, type ExitCode } from './exit-codes.js'
import { createInput, parseSecret, type Input } from './input.js'
import { Output } from './output.js'

/** The parts of the program that only some commands need, and that take a while to load. */
export interface Programs {
  serve(config: Config): Promise<RunningServer>
  openLocal(config: Config): Promise<LocalInstallation>
  diagnose(config: Config): Promise<Diagnosis>
}

/** What commands work with. Tests put their own in its place. */
export interface CommandContext {
  readonly variables: EnvironmentVariables
  readonly input: Input
  readonly output: Output
  readonly fetch: typeof fetch
  readonly nowMilliseconds: () => number
  readonly programs: Programs
  /** Ends the process at once. */
  readonly exit: (code: ExitCode) => void
  /** Calls back at every SIGINT and SIGTERM, in place of what they do otherwise. */
  readonly onSignal: (callback: (name: string) => void) => void
  /** What the process ends with unless it fails otherwise. */
  exitCode: ExitCode
}

/** The context of this process. */
export function processContext(): CommandContext {
  return {
    variables: process.env,
    input: createInput(process.stdin),
    output: new Output(process.stdout, process.stderr, process.env),
    fetch: (input, init) => fetch(input, init),
    nowMilliseconds: Date.now,
    programs: {
      serve: async (config) => (await import('../serve.js')).serve(config),
      openLocal: async (config) => (await import('../local.js')).openLocal(config),
      diagnose: async (config) => (await import('../diagnosis.js')).diagnose(config),
    },
    exit: (code) => process.exit(code),
    onSignal: (callback) => {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => callback(name))
    },
    exitCode: EXIT.ok,
  }
}

/**
 * The management API as the environment names it. The management key comes from the environment, a file, or a hidden
 * prompt.
 *
 * @throws {CommandError} when there is no key, or the address is none
 */
export async function openClient(context: CommandContext): Promise<ManagementClient> {
  const url = readClientSetting(context.variables, 'BITTING_URL')
  const managementKey = await readManagementKey(context)
  warnOfPlainHttp(context, url)
  const { ManagementClient } = await import('@bitting/client')
  try {
    return new ManagementClient({ url, managementKey, fetch: context.fetch, userAgent: USER_AGENT })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CommandError(error.message, {
      hint: 'check BITTING_URL and BITTING_MANAGEMENT_KEY',
      exitCode: EXIT.usage,
    })
  }
}

const USER_AGENT = 'bitting-cli'

async function readManagementKey({ variables, input }: CommandContext): Promise<string> {
  const set = readClientSetting(variables, 'BITTING_MANAGEMENT_KEY')
  if (set !== '') return parseSecret(set, 'BITTING_MANAGEMENT_KEY')
  const typed = await input.askSecret('Management key')
  if (typed !== null) return parseSecret(typed, 'the answer')
  throw new CommandError('there is no management key', {
    hint: 'set BITTING_MANAGEMENT_KEY_FILE to a file that holds one; `bitting bootstrap` makes the first',
    exitCode: EXIT.unauthorised,
  })
}

function warnOfPlainHttp({ output }: CommandContext, url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed?.protocol !== 'http:' || isLoopbackHost(parsed.hostname)) return
  output.warn(
    `the management key goes to ${parsed.host} unencrypted`,
    'use an https:// address in BITTING_URL',
  )
}

/** Says whether a host name of a URL is this machine itself. */
export function isLoopbackHost(host: string): boolean {
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host)
  )
}
