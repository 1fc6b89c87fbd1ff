import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  MANAGEMENT_KEY,
  plainKey,
  startFakeManagementApi,
  type FakeManagementApi,
} from './support/fake-management-api.js'
import { fillWebhooks } from './support/webhook-examples.js'
import { emptyInstallation, runCli, type CliResult } from './support/run-cli.js'

/**
 * Each file is what a person sees. `$` is a command line, `<` a line piped into it, `@` an answer typed at the terminal;
 * what follows is checked: `>` standard output, `!` standard error, `?` what was asked, `=` an exit code other than 0.
 * After a wanted change, `npx vitest run test/cli -u` writes the files anew: read the difference.
 */
const FOLDER = fileURLToPath(new URL('transcripts/', import.meta.url))

describe('transcripts', () => {
  let api: FakeManagementApi
  let directory: string

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'bitting-cli-'))
    api = await startFakeManagementApi([
      plainKey('key_Sync000000001', 'CRM sync', {
        last_used_at: '2026-11-22T11:57:00Z',
        last_used_address: '203.0.113.9',
        requests_allowed: 1204,
        requests_denied: 3,
      }),
      plainKey('key_Gone000000001', 'old importer', {
        state: 'deactivated',
        access: 'full',
        revoked: { at: '2026-11-20T12:00:00Z', by: 'key_Owner00000001', reason: 'replaced' },
      }),
      plainKey('key_Evil000000001', 'evil\u001b[2Jname', { note: 'a\nb\u009b' }),
      plainKey('key_Owner00000001', 'Owner', { kind: 'management', access: 'full' }),
    ])
    fillWebhooks(api.webhooks)
  })

  afterEach(async () => {
    await api.close()
    rmSync(directory, { recursive: true })
  })

  it.each(readdirSync(FOLDER))('%s', async (file) => {
    const path = join(FOLDER, file)
    const lines: string[] = []
    for (const step of readSteps(readFileSync(path, 'utf8'))) {
      lines.push(...step.lines)
      if (step.command === null) continue
      const argv = splitWords(step.command.replaceAll('DIR', directory))
      const result = await runCli(argv, {
        variables: { BITTING_URL: api.url, BITTING_MANAGEMENT_KEY: MANAGEMENT_KEY },
        answers: step.answers,
        piped: step.piped,
        programs: { openLocal: () => Promise.resolve(emptyInstallation()) },
      })
      lines.push(
        ...resultLines(result).map((line) =>
          line.replaceAll(directory, 'DIR').replaceAll(api.url, 'http://api'),
        ),
      )
    }
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(path)
  })

  it('a token file is for its owner alone, is never overwritten, and is not left without a token', async () => {
    const path = join(directory, 'token')
    const create = [
      'keys',
      'create',
      'x',
      '--environment',
      'staging',
      '--allow',
      'call:edit',
      '--token-file',
      path,
    ]
    const surroundings = { variables: { BITTING_URL: api.url, BITTING_MANAGEMENT_KEY: MANAGEMENT_KEY } }
    const first = await runCli(create, surroundings)
    expect(first.exitCode).toBe(0)
    expect(first.stdout).toBe('')
    expect(readFileSync(path, 'utf8')).toMatch(/^btg_live_New0000000001000s+0+\n$/)
    expect(statSync(path).mode & 0o777).toBe(0o600)

    const before = api.keys.length
    writeFileSync(path, 'mine')
    const second = await runCli(create, surroundings)
    expect(second.exitCode).toBe(3)
    expect(readFileSync(path, 'utf8')).toBe('mine')
    expect(api.keys).toHaveLength(before)

    const refused = await runCli(
      ['keys', 'create', 'x', '--environment', 'staging', '--allow', 'foo:edit', '--token-file', `${path}2`],
      surroundings,
    )
    expect(refused.exitCode).toBe(2)
    expect(readdirSync(directory)).toEqual(['token'])
  })
})

interface Step {
  /** The lines of the file that are input. */
  readonly lines: string[]
  readonly command: string | null
  readonly answers: string[]
  piped: string | undefined
}

function readSteps(text: string): Step[] {
  const steps: Step[] = []
  for (const line of text.trimEnd().split('\n')) {
    const mark = line.slice(0, 2)
    if (/^[>!?=]/.test(line)) continue
    const step = steps.at(-1)
    if ((mark === '< ' || mark === '@ ') && step !== undefined) {
      step.lines.push(line)
      if (mark === '@ ') step.answers.push(line.slice(2))
      else step.piped = `${step.piped ?? ''}${line.slice(2)}\n`
      continue
    }
    const command = line.startsWith('$ bitting') ? line.slice(10) : null
    steps.push({ lines: [line], command, answers: [], piped: undefined })
  }
  return steps
}

function resultLines({ stdout, stderr, asked, exitCode }: CliResult): string[] {
  const marked = (mark: string, text: string): string[] =>
    text === ''
      ? []
      : text
          .replace(/\n$/, '')
          .split('\n')
          .map((line) => `${mark} ${line}`.trimEnd())
  return [
    ...asked.map((question) => `? ${question}`),
    ...marked('>', stdout),
    ...marked('!', stderr),
    ...(exitCode === 0 ? [] : [`= ${String(exitCode)}`]),
  ]
}

function splitWords(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
}
