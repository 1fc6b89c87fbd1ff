import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** The fixtures are checked in the place of this file, so that the rules and types are the project's own. */
const PLACE = fileURLToPath(import.meta.url)

const BEFORE = `import { openWebhookAsync } from '@bitting/client'
import { openWebhook, verifyWebhook } from '@bitting/client/webhooks'
declare const body: string
declare const headers: Headers
declare const keys: string[]
export function receive(handle: (event: unknown) => void): void {
`
const AFTER = '\n}\nexport const used = [openWebhook, openWebhookAsync, verifyWebhook]\n'

/** What a handler could do wrong, and which of the two finds it. */
const MISUSES: [string, { code: string; tsc: number[]; eslint: string[] }][] = [
  [
    'a promise in the place of an answer, negated',
    {
      code: 'if (!openWebhookAsync(body, headers, keys)) return\nhandle(body)',
      tsc: [],
      eslint: ['@typescript-eslint/no-misused-promises'],
    },
  ],
  [
    'a promise in the place of an answer',
    {
      code: 'if (openWebhookAsync(body, headers, keys)) handle(body)',
      tsc: [2801],
      eslint: ['@typescript-eslint/no-misused-promises'],
    },
  ],
  [
    'the outcome of a promise',
    {
      code: "if (openWebhookAsync(body, headers, keys).outcome === 'accepted') handle(body)",
      tsc: [2339],
      eslint: [],
    },
  ],
  [
    'the event of a promise',
    { code: 'handle(openWebhookAsync(body, headers, keys).event)', tsc: [2339], eslint: [] },
  ],
  [
    'the event of a delivery that may have been refused',
    { code: 'handle(openWebhook(body, headers, keys).event)', tsc: [2339], eslint: [] },
  ],
  [
    'a promise that nobody waits for',
    {
      code: 'openWebhookAsync(body, headers, keys)\nhandle(body)',
      tsc: [],
      eslint: ['@typescript-eslint/no-floating-promises'],
    },
  ],
  [
    'a parsed body',
    {
      code: 'const parsed: object = { event: 1 }\nif (verifyWebhook(parsed, headers, keys)) handle(body)',
      tsc: [2345],
      eslint: [],
    },
  ],
  [
    'an awaited boolean, which is one already',
    {
      code: 'const ok: boolean = verifyWebhook(body, headers, keys)\nvoid (async () => { handle(await ok) })()',
      tsc: [],
      eslint: ['@typescript-eslint/await-thenable'],
    },
  ],
]

const USES: [string, string][] = [
  ['verifyWebhook in a condition', 'if (!verifyWebhook(body, headers, keys)) return\nhandle(body)'],
  [
    'openWebhook by its outcome',
    "const webhook = openWebhook(body, headers, keys)\nif (webhook.outcome === 'accepted') handle(webhook.event)",
  ],
  [
    'openWebhookAsync, awaited',
    `void (async () => {
  const webhook = await openWebhookAsync(body, headers, keys)
  if (webhook.outcome === 'accepted') handle(webhook.event)
})()`,
  ],
]

const { config } = ts.readConfigFile(`${ROOT}/test/tsconfig.json`, ts.sys.readFile.bind(ts.sys))
const { options } = ts.parseJsonConfigFileContent(
  { ...config, include: [], files: [PLACE] },
  ts.sys,
  `${ROOT}/test`,
)
const host = ts.createCompilerHost(options)
let previous: ts.Program | undefined

/** The numbers of the errors that the TypeScript compiler finds in a fixture. */
function compile(code: string): number[] {
  const text = BEFORE + code + AFTER
  const source = ts.createSourceFile(PLACE, text, {
    languageVersion: ts.ScriptTarget.ES2023,
    impliedNodeFormat: ts.ModuleKind.ESNext,
  })
  const program = ts.createProgram(
    [PLACE],
    { ...options, noEmit: true, composite: false },
    {
      ...host,
      getSourceFile: (name, ...rest) => (name === PLACE ? source : host.getSourceFile(name, ...rest)),
    },
    previous,
  )
  previous = program
  const found = program.getSemanticDiagnostics(program.getSourceFile(PLACE))
  return found.map((diagnostic) => diagnostic.code)
}

const eslint = new ESLint({ cwd: ROOT })

async function lint(code: string): Promise<string[]> {
  const [result] = await eslint.lintText(BEFORE + code + AFTER, { filePath: PLACE })
  return result!.messages.map((message) => message.ruleId ?? message.message)
}

describe('misuse is found before it runs', () => {
  it.each(MISUSES)('%s', async (_, { code, tsc, eslint: rules }) => {
    expect(compile(code)).toEqual(tsc)
    if (tsc.length === 0 || rules.length > 0) expect(await lint(code)).toEqual(rules)
    expect(tsc.length + rules.length).toBeGreaterThan(0)
  })

  it.each(USES)('%s is no misuse', async (_, code) => {
    expect(compile(code)).toEqual([])
    expect(await lint(code)).toEqual([])
  })
})
