import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript'
import { SDK_METHODS, type SdkMethod } from './sdk-methods.js'

/** Every method that has arguments, in the order of the table. */
export const METHODS = Object.keys(SDK_METHODS) as SdkMethod[]

/** One request that left the SDK's process. */
interface SentRequest {
  readonly origin: string
  readonly method: string
  readonly target: string
}

/** The error that a method of the SDK threw. */
export interface SdkError {
  /** The error classes of the SDK that it is an instance of. */
  readonly instanceOf: readonly string[]
  readonly message: string
  readonly status: number | null
  /** The JSON that came with it, null where there was none. */
  readonly body: Readonly<Record<string, unknown>> | null
  readonly headers: Readonly<Record<string, string>>
}

/** What came of calling one method. */
export interface Outcome {
  readonly method: SdkMethod
  /** What was sent for it, retries included. */
  readonly requests: readonly SentRequest[]
  readonly value: unknown
  readonly error: SdkError | null
}

/** What the program says of itself once its client is made. */
interface Greeting {
  /** The names in its environment, all of them. */
  readonly environment: readonly string[]
  readonly baseUrl: string
  readonly maxRetries: number
  readonly methods: readonly string[]
}

const PROGRAM = fileURLToPath(new URL('children/sdk-program.mjs', import.meta.url))
const CONCURRENCY = 16

/** The table of arguments as a module that plain Node can import. */
const TABLE = ((): string => {
  const source = readFileSync(new URL('sdk-methods.ts', import.meta.url), 'utf8')
  const { outputText } = transpileModule(source, {
    compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2023 },
  })
  return `data:text/javascript;base64,${Buffer.from(outputText).toString('base64')}`
})()

/** A process of its own with a client of the SDK in it. */
export class SdkProcess {
  readonly greeting: Greeting
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, greeting: Greeting) {
    this.#child = child
    this.greeting = greeting
  }

  /** Starts the program with an address and a key in its environment, and nothing else. */
  static async start(baseUrl: string, apiKey: string): Promise<SdkProcess> {
    const child = fork(PROGRAM, [TABLE], {
      env: { RETELL_BASE_URL: baseUrl, RETELL_API_KEY: apiKey },
      execArgv: [],
    })
    return new SdkProcess(child, (await answer(child)) as Greeting)
  }

  /** Has the program make a new client, with another key in its environment, in place of the one it has. */
  async startOver(apiKey: string): Promise<void> {
    const answered = answer(this.#child)
    this.#child.send({ apiKey })
    await answered
  }

  /** Calls the methods, a few at a time, and gives what came of each in the order asked. */
  async callAll(methods: readonly SdkMethod[] = METHODS, concurrency = CONCURRENCY): Promise<Outcome[]> {
    const answered = answer(this.#child)
    this.#child.send({ methods, concurrency })
    const { outcomes, requests } = (await answered) as { outcomes: Outcome[]; requests: number }
    const attributed = outcomes.reduce((total, outcome) => total + outcome.requests.length, 0)
    if (attributed !== requests)
      throw new Error(`${String(requests - attributed)} requests belong to no call`)
    return outcomes
  }

  /** Calls one method. */
  async call(method: SdkMethod): Promise<Outcome> {
    const [outcome] = await this.callAll([method])
    return outcome!
  }

  /** Ends the process. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.disconnect()
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), 5000)
    await exited
    clearTimeout(limit)
  }
}

/** The next message of a child, or why there is none. */
async function answer(child: ChildProcess): Promise<unknown> {
  const over = new AbortController()
  try {
    return await Promise.race([
      once(child, 'message', over).then(([message]: unknown[]) => message),
      once(child, 'exit', over).then(([code]: unknown[]) => {
        throw new Error(`the SDK's process ended with ${String(code)}`)
      }),
    ])
  } finally {
    over.abort()
  }
}
