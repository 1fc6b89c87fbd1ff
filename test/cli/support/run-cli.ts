import { Readable } from 'node:stream'
import type { Diagnosis } from '../../../server/src/diagnosis.js'
import type { LocalInstallation } from '../../../server/src/local.js'
import type { RunningServer } from '../../../server/src/serve.js'
import type { CommandContext, Programs } from '../../../server/src/cli/context.js'
import { EXIT } from '../../../server/src/cli/exit-codes.js'
import { createInput, type Input } from '../../../server/src/cli/input.js'
import { run } from '../../../server/src/cli/main.js'
import { Output, type OutputStream } from '../../../server/src/cli/output.js'
import { NOW } from './fake-management-api.js'

/** What one command line said and ended with. */
export interface CliResult {
  readonly stdout: string
  readonly stderr: string
  /** What was asked at the terminal. */
  readonly asked: readonly string[]
  readonly exitCode: number
}

/** What surrounds a command line. */
export interface CliSurroundings {
  readonly variables?: Readonly<Record<string, string>>
  /** What is piped into it; absent for a terminal. */
  readonly piped?: string | undefined
  /** What the person at the terminal answers; without any there is no terminal. */
  readonly answers?: readonly string[]
  /** Columns of the terminal that standard output is; absent for a pipe. */
  readonly columns?: number
  readonly colours?: boolean
  readonly programs?: Partial<Programs>
  readonly onSignal?: CommandContext['onSignal']
  readonly fetch?: typeof fetch
}

/** Runs one command line in this process, with streams and a clock of its own. */
export async function runCli(
  argv: readonly string[],
  surroundings: CliSurroundings = {},
): Promise<CliResult> {
  const { variables = {}, columns, colours = false } = surroundings
  const [stdout, stderr, asked] = [[] as string[], [] as string[], [] as string[]]
  const stream = (chunks: string[]): OutputStream => ({
    isTTY: columns !== undefined,
    ...(columns !== undefined && { columns }),
    hasColors: () => colours,
    write: (text) => chunks.push(text),
  })
  const context: CommandContext = {
    variables,
    input: answering(surroundings, asked),
    output: new Output(stream(stdout), stream(stderr), variables),
    fetch: surroundings.fetch ?? ((input, init) => fetch(input, init)),
    nowMilliseconds: () => NOW,
    programs: { ...FAKE_PROGRAMS, ...surroundings.programs },
    exit: (code) => {
      stderr.push(`exit at once: ${String(code)}\n`)
    },
    onSignal: surroundings.onSignal ?? (() => undefined),
    exitCode: EXIT.ok,
  }
  const exitCode = await run(argv, context)
  return { stdout: stdout.join(''), stderr: stderr.join(''), asked, exitCode }
}

function answering({ answers = [], piped }: CliSurroundings, asked: string[]): Input {
  const left = [...answers]
  const ask = (question: string): Promise<string | null> => {
    if (left.length > 0) asked.push(question)
    return Promise.resolve(left.shift() ?? null)
  }
  return {
    askSecret: ask,
    askText: ask,
    askConsent: async (question) => {
      const answer = await ask(question)
      return answer === null ? null : answer === 'yes'
    },
    readPipe: (bytesMax) =>
      piped === undefined ? Promise.resolve(null) : createInput(Readable.from([piped])).readPipe(bytesMax),
  }
}

/** An installation without data. */
export function emptyInstallation(extras: Partial<LocalInstallation> = {}): LocalInstallation {
  return {
    isSetUp: () => Promise.resolve(false),
    createWorkspace: () =>
      Promise.resolve({ workspaceId: 'ws_000000000001', managementKey: `btgm_live_${'o'.repeat(65)}` }),
    listWorkspaces: () => Promise.resolve([]),
    createOwnerKey: () => Promise.resolve(`btgm_live_${'r'.repeat(65)}`),
    createSetupCode: () => Promise.resolve('setup-code'),
    inviteMember: () => Promise.reject(new Error('there is nobody to invite')),
    listMembers: () => Promise.resolve([]),
    close: () => Promise.resolve(),
    ...extras,
  }
}

/** What `diagnose` finds where everything is well. */
export const HEALTHY: Diagnosis = {
  engine: 'sqlite',
  database: 'ready',
  reason: null,
  schemaVersion: 1,
  schemaVersionKnown: 1,
  databaseTimeMilliseconds: null,
  rootKeyFits: true,
  workspaces: 1,
}

/** A server that does nothing. */
export const IDLE_SERVER: RunningServer = {
  controlUrl: 'http://127.0.0.1:4700',
  gatewayUrl: 'http://127.0.0.1:4701',
  upstream: { origin: 'http://127.0.0.1:1', isSandbox: true },
  setupUrl: null,
  close: () => Promise.resolve(),
}

const FAKE_PROGRAMS: Programs = {
  serve: () => Promise.resolve(IDLE_SERVER),
  openLocal: () => Promise.resolve(emptyInstallation()),
  diagnose: () => Promise.resolve(HEALTHY),
}
