import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const PROGRAM = fileURLToPath(new URL('../../server/bin/bitting.js', import.meta.url))

/** The program as a process of its own. */
export interface Program {
  readonly process: ChildProcess
  readonly controlUrl: string
  readonly gatewayUrl: string
  /** Everything that it has printed, log and all. */
  printed(): string
  /** Ends it with a signal and waits until it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

function variablesOf(dataDirectory: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    BITTING_DATA_DIR: dataDirectory,
    BITTING_LISTEN: '127.0.0.1:0',
    BITTING_GATEWAY_LISTEN: '127.0.0.1:0',
    BITTING_LOG_LEVEL: 'debug',
  }
}

/** Makes an installation's first workspace and returns its management key. */
export async function bootstrap(dataDirectory: string): Promise<string> {
  const parameters = [PROGRAM, 'bootstrap', '--json']
  const { stdout } = await promisify(execFile)(process.execPath, parameters, {
    env: variablesOf(dataDirectory),
  })
  return (JSON.parse(stdout) as { management_key: string }).management_key
}

/** Starts the server on free ports, at its most talkative, and waits until it says where it listens. */
export async function startProgram(dataDirectory: string): Promise<Program> {
  const child = spawn(process.execPath, [PROGRAM, 'serve'], {
    env: variablesOf(dataDirectory),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  let printed = ''
  const [controlUrl, gatewayUrl] = await new Promise<[string, string]>((resolve, reject) => {
    const take = (part: Buffer): void => {
      printed += part.toString()
      const control = /Management API\s+(\S+)/.exec(printed)?.[1]
      const gateway = /Gateway\s+(\S+)\n/.exec(printed)?.[1]
      if (control !== undefined && gateway !== undefined) resolve([control, gateway])
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    void ended.then(() => {
      reject(new Error(`the program ended: ${printed}`))
    })
  })
  return {
    process: child,
    controlUrl,
    gatewayUrl,
    printed: () => printed,
    end: async (signal) => {
      child.kill(signal)
      await ended
    },
  }
}
