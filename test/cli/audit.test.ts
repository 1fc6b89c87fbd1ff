import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exportOf, makeEntries, makeEntry, noteOf, OTHER_SIGNER, SIGNER } from '../audit/log-fixture.js'
import { startFakeAuditApi, type FakeAuditApi } from './support/fake-audit-api.js'
import { MANAGEMENT_KEY } from './support/fake-management-api.js'
import { runCli, type CliResult, type CliSurroundings } from './support/run-cli.js'

const KEY = SIGNER.verifierKey

let api: FakeAuditApi
let directory: string

beforeEach(async () => {
  api = await startFakeAuditApi(makeEntries(12))
  directory = mkdtempSync(join(tmpdir(), 'bitting-audit-'))
})

afterEach(async () => {
  await api.close()
  rmSync(directory, { recursive: true })
})

async function audit(argv: readonly string[], surroundings: CliSurroundings = {}): Promise<CliResult> {
  return runCli(['audit', ...argv], {
    variables: { BITTING_URL: api.url, BITTING_MANAGEMENT_KEY: MANAGEMENT_KEY },
    ...surroundings,
  })
}

function file(name: string, text = ''): string {
  const path = join(directory, name)
  if (text !== '') writeFileSync(path, text)
  return path
}

/** What an auditor has who has no server to ask. */
const OFFLINE = { variables: { BITTING_URL: 'http://127.0.0.1:1' } }

describe('bitting audit list', () => {
  it('shows entries, newest first, and that there are more', async () => {
    const { stdout, stderr, exitCode } = await audit(['list', '--limit', '2'])
    expect(stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, '|'))).toEqual([
      'INDEX|TIME|ACTOR|ACTION|RESOURCE|OUTCOME',
      '11|2026-11-22 10:00:11 UTC|key_Owner00000002|call.denied|createKey key_0000000000011|failure: insufficient_scope',
      '10|2026-11-22 10:00:10 UTC|key_Owner00000001|call.allowed|createKey key_0000000000010|success',
      '',
    ])
    expect(stderr).toBe('bitting: there are more entries\nhint: --all lists every one\n')
    expect(exitCode).toBe(0)
  })

  it('asks for what the options say', async () => {
    const argv =
      'list --action a --actor b --resource c --key key_Owner00000001 --outcome failure --request r --text w' +
      ' --since 1h --until 2026-11-22T11:30:00+02:00'
    const { stderr, exitCode } = await audit(argv.split(' '))
    expect(stderr).toContain('no entry is like this')
    expect(exitCode).toBe(0)
    expect(Object.fromEntries(new URL(api.seen[0]!, api.url).searchParams)).toEqual({
      action: 'a',
      actor: 'b',
      resource: 'c',
      key: 'key_Owner00000001',
      outcome: 'failure',
      request_id: 'r',
      text: 'w',
      since: '2026-11-22T11:00:00.000Z',
      until: '2026-11-22T11:30:00+02:00',
    })
  })

  it('lists all as JSON', async () => {
    const { stdout } = await audit(['list', '--all', '--json'])
    expect(JSON.parse(stdout).data.map(({ index }: { index: number }) => index)).toEqual(
      [...Array(12).keys()].reverse(),
    )
  })

  it.each([
    ['--since', 'yesterday', 'write how long ago, 1h or 7d for example, or a time like 2027-01-31T09:00:00Z'],
    ['--since', '2026-02-30T00:00:00Z', 'write how long ago'],
    ['--limit', '0', 'write a number from 1 to 100; --all shows more'],
  ])('does not take %s %s', async (option, value, hint) => {
    const { stderr, exitCode } = await audit(['list', option, value])
    expect(stderr).toContain(hint)
    expect(exitCode).toBe(2)
  })
})

describe('bitting audit tail', () => {
  async function tail(argv: readonly string[], until: (seen: number) => boolean): Promise<CliResult> {
    let interrupt: () => void = () => undefined
    let requests = 0
    const before = api.onRequest
    api.onRequest = (path) => {
      before(path)
      requests++
      if (until(requests)) interrupt()
    }
    return audit(['tail', ...argv], {
      onSignal: (callback) => {
        interrupt = () => callback('SIGINT')
      },
    })
  }

  it('shows what comes, a line each, and ends with 0', async () => {
    api.onRequest = () => {
      if (api.seen.length === 3) api.entries.push(makeEntry(12))
    }
    const { stdout, stderr, exitCode } = await tail([], (requests) => requests > 3)
    expect(stdout).toBe(
      '12  2026-11-22 10:00:12 UTC  key_Owner00000000  key.create  key key_0000000000012  success\n',
    )
    expect([stderr, exitCode]).toEqual(['', 0])
    expect(api.seen.slice(0, 3)).toEqual([
      '/v1/audit?limit=1',
      '/v1/audit/export?from=12',
      '/v1/audit/export?from=12',
    ])
  })

  it('prints one JSON a line from an entry on, page after page', async () => {
    const { stdout } = await tail(['--from', '3', '--json'], (requests) => requests === 3)
    const lines = stdout.split('\n').slice(0, -1)
    expect(lines.map((line) => JSON.parse(line).index)).toEqual(
      [3, 4, 5, 6, 7, 8, 9, 10, 11].slice(0, lines.length),
    )
    expect(lines.length).toBeGreaterThanOrEqual(5)
  })

  it('says once that the server is gone, and that it is back', async () => {
    api.unavailable = 2
    const { stderr, stdout, exitCode } = await tail(['--from', '10'], (requests) => requests > 3)
    expect(stderr).toBe(
      'bitting: warning: the server does not answer\nhint: entries follow when it is back\nbitting: the server is back\n',
    )
    expect(stdout.split('\n')).toHaveLength(3)
    expect(exitCode).toBe(0)
  })

  it('fails where the server refuses', async () => {
    const { exitCode } = await audit(['tail'], { variables: { BITTING_URL: api.url } })
    expect(exitCode).toBe(6)
  })
})

describe('bitting audit export', () => {
  it('writes entries and a checkpoint of exactly these', async () => {
    api.signedSize = 9
    setTimeout(() => {
      api.signedSize = null
      api.entries.push(makeEntry(12), makeEntry(13))
    }, 400)
    const out = file('log.jsonl')
    const { stdout, stderr, exitCode } = await audit(['export', '--out', out])
    expect([stdout, stderr, exitCode]).toEqual(['', `bitting: wrote 14 entries to ${out}\n`, 0])
    expect(readFileSync(out, 'utf8')).toBe(`${exportOf(api.entries).join('\n')}\n`)
    expect(statSync(out).mode & 0o777).toBe(0o600)
    expect(readdirSync(directory)).toEqual(['log.jsonl'])
  })

  it('begins with what retention deleted', async () => {
    api.entries = makeEntries(300, (index) =>
      index === 290 ? { action: 'audit.prune', details: { first: 0, last: 260 } } : {},
    )
    api.prunedSize = 261
    const { stdout } = await audit(['export'])
    expect(stdout).toBe(`${exportOf(api.entries, 261).join('\n')}\n`)
  })

  it('warns where the server signs no checkpoint of the newest entries', async () => {
    api.signedSize = 9
    const { stdout, stderr, exitCode } = await audit(['export'])
    expect(stderr).toContain('the server has signed no checkpoint beyond entry 8')
    expect(stdout.split('\n').at(-2)).toBe(JSON.stringify({ checkpoint: noteOf(api.entries, 9) }))
    expect(exitCode).toBe(0)
  }, 15_000)

  it.each(['csv', 'ocsf'])('writes %s page after page', async (format) => {
    const { stdout } = await audit(['export', '--format', format, '--from', '1'])
    expect(stdout.trimEnd().split('\n')).toHaveLength(11)
  })

  it('does not overwrite a file unless it is told', async () => {
    const out = file('log.jsonl', 'mine')
    const refused = await audit(['export', '--out', out])
    expect(refused.exitCode).toBe(3)
    expect(refused.stderr).toBe(
      `bitting: ${out} exists already, and is not overwritten\nhint: name a new file; nothing was changed\n`,
    )
    expect(readFileSync(out, 'utf8')).toBe('mine')
    const forced = await audit(['export', '--out', out, '--force', '--json'])
    expect(JSON.parse(forced.stdout)).toEqual({
      file: out,
      format: 'jsonl',
      entries: 12,
      first_index: 0,
      next_index: 12,
      checkpoint_size: 12,
    })
    expect(readdirSync(directory)).toEqual(['log.jsonl'])
  })

  it('leaves no file where the server fails', async () => {
    api.unavailable = 1
    expect((await audit(['export', '--out', file('log.jsonl')])).exitCode).toBe(7)
    expect(readdirSync(directory)).toEqual([])
  })
})

describe('bitting audit checkpoint', () => {
  it('prints the checkpoint, and the key', async () => {
    expect((await audit(['checkpoint'])).stdout).toBe(noteOf(api.entries))
    expect((await audit(['checkpoint', '--key'])).stdout).toBe(`${KEY}\n`)
    expect(JSON.parse((await audit(['checkpoint', '--json'])).stdout)).toEqual({
      checkpoint: noteOf(api.entries),
    })
    expect(JSON.parse((await audit(['checkpoint', '--key', '--json'])).stdout)).toEqual({ key: KEY })
  })

  it('writes a new file', async () => {
    const out = file('checkpoint')
    expect((await audit(['checkpoint', '--out', out])).stderr).toContain(`wrote ${out}`)
    expect(readFileSync(out, 'utf8')).toBe(noteOf(api.entries))
    expect((await audit(['checkpoint', '--out', out])).exitCode).toBe(3)
  })
})

describe('bitting audit prove', () => {
  it('writes a proof that holds without a server', async () => {
    const prefix = file('p')
    const { exitCode, stderr } = await audit(['prove', '5', '--out', prefix])
    expect([exitCode, stderr]).toEqual([
      0,
      `bitting: wrote ${prefix}.entry and ${prefix}.tlog-proof\nhint: keep both; \`bitting audit prove --check\` needs no server\n`,
    ])
    expect(readFileSync(`${prefix}.entry`, 'utf8')).toBe(api.entries[5]!.leaf)
    const checked = await audit(['prove', '--check', prefix, '--key', KEY], OFFLINE)
    expect(checked.stdout).toContain(
      'Proof     holds\nLog       bitting/ws_000000000001, at 12 entries\nEntry     5\n',
    )
    expect(checked.exitCode).toBe(0)
    const json = await audit(
      ['prove', '--check', prefix, '--key', file('key', `${KEY}\n`), '--json'],
      OFFLINE,
    )
    expect(JSON.parse(json.stdout)).toEqual({ proven: true, index: 5, size: 12, origin: SIGNER.name })
  })

  it('finds every bit that was changed', async () => {
    const prefix = file('p')
    await audit(['prove', '5', '--out', prefix])
    for (const name of [`${prefix}.entry`, `${prefix}.tlog-proof`]) {
      const good = readFileSync(name)
      for (let at = 0; at < good.length; at += 3) {
        const bad = Buffer.from(good)
        bad[at]! ^= 1 << (at & 7)
        writeFileSync(name, bad)
        const { exitCode } = await audit(['prove', '--check', prefix, '--key', KEY], OFFLINE)
        expect(exitCode, `${name} ${String(at)}`).toBe(5)
      }
      writeFileSync(name, good)
    }
    const other = await audit(['prove', '--check', prefix, '--key', OTHER_SIGNER.verifierKey], OFFLINE)
    expect(other.stderr).toContain(
      'the checkpoint of the proof is not signed by bitting/ws_000000000001 with this key',
    )
    expect(other.exitCode).toBe(5)
  })

  it('does not guess what was meant', async () => {
    for (const argv of [[], ['5'], ['--out', 'x'], ['5', '--check', 'x', '--key', KEY], ['--check', 'x']]) {
      expect((await audit(['prove', ...argv])).exitCode).toBe(2)
    }
    expect((await audit(['prove', '99', '--out', file('p')])).exitCode).toBe(1)
    expect((await audit(['prove', '--check', file('p'), '--key', 'x'])).stderr).toContain(
      'neither the verifier key',
    )
    expect((await audit(['prove', '--check', file('p'), '--key', KEY])).exitCode).toBe(1)
  })
})

describe('bitting audit verify', () => {
  const verify = (argv: readonly string[], surroundings?: CliSurroundings): Promise<CliResult> =>
    audit(['verify', '--key', KEY, ...argv], surroundings)

  it('holds offline for an export, against what was kept', async () => {
    const log = file('log.jsonl', `${exportOf(api.entries).join('\n')}\n`)
    const evidence = [3, 7].map((size) => JSON.stringify({ at: 'x', checkpoint: noteOf(api.entries, size) }))
    const kept = file('checkpoints.jsonl', `${evidence.join('\n')}\n`)
    const note = file('checkpoint', noteOf(api.entries, 9))
    const { stdout, stderr, exitCode } = await verify(
      [log, '--checkpoint', kept, '--checkpoint', note],
      OFFLINE,
    )
    expect(stdout).toBe(
      'Log          bitting/ws_000000000001\n' +
        'Entries      12 entries\n' +
        'Checkpoints  4 hold, of 3 kept and those of the log itself\n' +
        'Verdict      intact\n',
    )
    expect([stderr, exitCode]).toEqual(['', 0])
  })

  it('says what does not hold, with 5', async () => {
    const lines = exportOf(api.entries)
    const log = file('log.jsonl', lines.toSpliced(4, 1).join('\n'))
    const { stdout, stderr, exitCode } = await verify([log], OFFLINE)
    expect(stdout).toContain(
      'Verdict      not intact\n             entry 4 is missing: dropped from the log\n',
    )
    expect(stderr).toContain('no checkpoint was given')
    expect(exitCode).toBe(5)
    const { stdout: json, exitCode: code } = await verify([log, '--json'], OFFLINE)
    expect(JSON.parse(json)).toMatchObject({
      intact: false,
      size: 12,
      findings: [{ kind: 'missing', first: 4, last: 4 }],
    })
    expect(code).toBe(5)
  })

  it('takes bytes that are no UTF-8 and endless lines for what they are', async () => {
    const bytes = Buffer.from(`${exportOf(api.entries).join('\n')}\n`)
    bytes[40] = 0xff
    const log = file('log.jsonl')
    writeFileSync(log, bytes)
    expect((await verify([log], OFFLINE)).stdout).toContain('the line of entry 0 is no JSON object')
    writeFileSync(log, Buffer.concat([Buffer.alloc(3_000_000, 0x20), bytes.subarray(bytes.indexOf('\n'))]))
    expect((await verify([log], OFFLINE)).exitCode).toBe(5)
  })

  it('holds for a server', async () => {
    const note = file('checkpoint', noteOf(api.entries, 9))
    const { stdout, exitCode } = await verify(['--checkpoint', note, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      intact: true,
      size: 12,
      checkpoints_held: 3,
      changed_entries: null,
    })
    expect(exitCode).toBe(0)
  })

  it('finds the entry that was changed under a server', async () => {
    api.signed = [...api.entries]
    api.entries[6] = makeEntry(6)
    const note = file('checkpoint', noteOf(api.signed, 9))
    const { stdout, exitCode } = await verify(['--checkpoint', note])
    expect(stdout).toContain('among entries 0 to 8, one or more are not what the checkpoint')
    expect(stdout).toContain('Changed      entry 6\n')
    expect(exitCode).toBe(5)
  })

  it('finds a server that signed another history with the same key', async () => {
    const note = file('checkpoint', noteOf(api.entries, 9))
    api.entries[6] = makeEntry(6)
    const { stdout, exitCode } = await verify(['--checkpoint', note])
    expect(stdout).toMatch(/are both signed, and of different logs: they part among entries 0 to 8/)
    expect(exitCode).toBe(5)
  })

  it('has the server prove what goes on from before retention', async () => {
    api.entries = makeEntries(40, (index) =>
      index === 35 ? { action: 'audit.prune', details: { first: 0, last: 21 } } : {},
    )
    api.prunedSize = 22
    const note = file('checkpoint', noteOf(api.entries, 9))
    const held = await verify(['--checkpoint', note])
    expect(held.stdout).toContain('18 entries, behind 22 that retention deleted')
    expect(held.exitCode).toBe(0)
    api.entries[3] = makeEntry(3)
    expect((await verify(['--checkpoint', note])).stdout).toContain(
      'the log does not go on from the checkpoint',
    )
  })

  it('does not start with what cannot be right', async () => {
    const log = file('log.jsonl', 'x')
    expect((await audit(['verify', log])).exitCode).toBe(2)
    const { stderr } = await verify([log, '--checkpoint', log])
    expect(stderr).toMatch(/holds no checkpoint of bitting\/\S+\nhint: .*a file of checkpoints is/)
    expect((await verify([file('none')], OFFLINE)).exitCode).toBe(1)
    const foreign = file(
      'foreign',
      JSON.stringify({ checkpoint: noteOf(api.entries, 3).replace('ws_', 'wx_') }),
    )
    expect((await verify([log, '--checkpoint', foreign])).stderr).toContain('holds no checkpoint of bitting/')
  })
})
