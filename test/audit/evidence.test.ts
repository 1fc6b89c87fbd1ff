import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import {
  createCheckpointSink,
  FileEvidence,
  StdoutEvidence,
  WebhookEvidence,
  type CheckpointSink,
} from '../../server/src/audit/evidence/evidence.js'
import { parseEvidence } from '../../server/src/audit/evidence/parse-evidence.js'
import { addCheckpoint } from '../../server/src/audit/evidence/witness.js'
import {
  bodyOf,
  CALM,
  failureOf,
  later,
  listen,
  selfSigned,
  temporaryDirectory,
  type Json,
} from './sink-fixtures.js'

const AT = '2026-01-02T03:04:05.678Z'

function note(size: number, root = 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I='): string {
  return `example.com/log\n${size}\n${root}\n\n— example.com/log Az3grlgtzPICa5OS\n`
}

describe('evidence on standard output', () => {
  it('is a line a checkpoint', async () => {
    const stream = new PassThrough()
    const sink = new StdoutEvidence('stdout', stream)
    await sink.publish(note(7), 'ws_1', AT)
    await sink.close()
    const line = { at: AT, workspace: 'ws_1', size: 7, checkpoint: note(7) }
    expect(String(stream.read())).toBe(`[CHECKPOINT] ${JSON.stringify(line)}\n`)
  })
})

describe('evidence in a directory', () => {
  const lines = (folder: string): Json[] =>
    readFileSync(join(folder, 'checkpoints.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))

  it('keeps every checkpoint of a workspace, and the newest by itself', async () => {
    const directory = join(temporaryDirectory(), 'evidence')
    const sink = new FileEvidence('file', directory)
    await Promise.all([1, 2, 3].map((size) => sink.publish(note(size), 'ws_1', AT)))
    await sink.publish(note(9), 'ws_2', AT)
    await sink.close()
    const folder = join(directory, 'ws_1')
    expect(readFileSync(join(folder, 'checkpoint'), 'utf8')).toBe(note(3))
    expect(lines(folder)).toEqual([1, 2, 3].map((size) => ({ at: AT, size, checkpoint: note(size) })))
    expect(readFileSync(join(directory, 'ws_2', 'checkpoint'), 'utf8')).toBe(note(9))
    expect(readdirSync(folder).sort()).toEqual(['checkpoint', 'checkpoints.jsonl'])
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
  })

  it('does not let a log that shrank replace what it was', async () => {
    const directory = temporaryDirectory()
    const sink = new FileEvidence('file', directory)
    await sink.publish(note(20), 'ws_1', AT)
    await sink.publish(note(9), 'ws_1', AT)
    const folder = join(directory, 'ws_1')
    expect(readFileSync(join(folder, 'checkpoint'), 'utf8')).toBe(note(20))
    expect(lines(folder).map((line) => line.size)).toEqual([20, 9])
  })

  it('goes on behind a line that a crash tore', async () => {
    const directory = temporaryDirectory()
    const folder = join(directory, 'ws_1')
    await new FileEvidence('file', directory).publish(note(1), 'ws_1', AT)
    writeFileSync(join(folder, 'checkpoints.jsonl'), '{"at":"torn', { flag: 'a' })
    await new FileEvidence('file', directory).publish(note(2), 'ws_1', AT)
    expect(lines(folder).map((line) => line.size)).toEqual([1, 2])
  })

  it.each(['..', '.', '', 'a/b', '../x', 'a\0b', '/etc'])('has no folder for a workspace %j', async (id) => {
    const directory = join(temporaryDirectory(), 'inner')
    const failure = await failureOf(new FileEvidence('file', directory).publish(note(1), id, AT))
    expect(failure.code).toBe('bad_workspace')
    expect(readdirSync(join(directory, '..'))).toEqual([])
  })

  it('fails where it cannot write', async () => {
    const file = join(temporaryDirectory(), 'file')
    writeFileSync(file, '')
    expect((await failureOf(new FileEvidence('file', file).publish(note(1), 'ws_1', AT))).code).toBe(
      'ENOTDIR',
    )
  })
})

describe('evidence by webhook', () => {
  it('is the note as it is, and taken when the receiver says so', async () => {
    const seen: unknown[] = []
    let status = 200
    const origin = await listen((request, response) => {
      void bodyOf(request).then((body) => {
        seen.push([
          request.method,
          request.headers['content-type'],
          request.headers['bitting-workspace'],
          body,
        ])
        response.writeHead(status).end()
      })
    })
    const sink: CheckpointSink = new WebhookEvidence({
      kind: 'webhook',
      name: 'hook',
      url: origin,
      headers: {},
      caFile: null,
    })
    later(() => sink.close())
    await sink.publish(note(5), 'ws_1', AT)
    expect(seen).toEqual([['POST', 'text/plain; charset=utf-8', 'ws_1', note(5)]])
    status = 302
    expect((await failureOf(sink.publish(note(5), 'ws_1', AT))).code).toBe('http_302')
  })
})

describe('a witness', () => {
  const LINE = '— witness.example/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dl\n'
  const hash = (byte: number) => new Uint8Array(32).fill(byte)

  /** Reads requests strictly by the grammar of C2SP tlog-witness, and remembers one log. */
  async function witness() {
    const there = { size: 0, root: '', requests: [] as string[][], url: '' }
    const origin = await listen((request, response) => {
      void bodyOf(request).then((body) => {
        if (request.method !== 'POST' || request.url !== '/w1/add-checkpoint') {
          response.writeHead(405).end()
          return
        }
        const match =
          /^old (0|[1-9]\d*)\n((?:[A-Za-z0-9+/]{43}=\n){0,63})\n([^\n]+)\n(\d+)\n([^\n]+)\n\n((?:— [^ ]+ [^ ]+\n)+)$/.exec(
            body,
          )
        if (match === null) return void response.writeHead(400).end()
        const [, old, proof, log, size, root] = match
        there.requests.push(proof!.split('\n').slice(0, -1))
        if (log !== 'example.com/log') return void response.writeHead(404).end()
        if (Number(old) !== there.size || (there.size === Number(size) && root !== there.root)) {
          response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end(`${there.size}\n`)
          return
        }
        there.size = Number(size)
        there.root = root!
        response.end(LINE)
      })
    })
    there.url = `${origin}/w1`
    return there
  }

  it('gives its signature lines, or the size that the proof must begin from', async () => {
    const there = await witness()
    const ask = (oldSize: number, proof: Uint8Array[], checkpoint: string) =>
      addCheckpoint({ url: there.url, oldSize, consistencyProof: proof, checkpoint }, CALM)
    expect(await ask(0, [], note(5))).toEqual({ cosignatures: LINE })
    expect(await ask(0, [], note(9))).toEqual({ conflict: 5 })
    expect(await ask(5, [hash(1), hash(255)], note(9))).toEqual({ cosignatures: LINE })
    expect(there.requests.at(-1)).toEqual(
      [hash(1), hash(255)].map((one) => Buffer.from(one).toString('base64')),
    )
    expect(await ask(9, [], note(9))).toEqual({ cosignatures: LINE })
    expect((await failureOf(ask(9, [], note(9, 'AAAA')))).code).toBe('fork')
    const foreign = note(9).replaceAll('example.com/log', 'example.com/other')
    expect((await failureOf(ask(9, [], foreign))).code).toBe('unknown_log')
  })

  it.each([
    [400, 'bad_request'],
    [403, 'not_trusted'],
    [404, 'unknown_log'],
    [422, 'inconsistent'],
    [301, 'http_301'],
    [503, 'http_503'],
  ])('that answers %i fails as %s', async (status, code) => {
    const url = await listen((_request, response) => response.writeHead(status, { location: '/' }).end())
    const request = { url: `${url}/`, oldSize: 0, consistencyProof: [], checkpoint: note(1) }
    expect((await failureOf(addCheckpoint(request, CALM))).code).toBe(code)
  })

  it.each([
    [200, 'text/plain', ''],
    [200, 'text/plain', 'hello\n'],
    [200, 'text/plain', LINE.slice(0, -1)],
    [200, 'text/plain', `${LINE}\n`],
    [200, 'text/plain', LINE.repeat(2_000)],
    [409, 'text/plain', '7\n'],
    [409, 'text/x.tlog.size', '07\n'],
    [409, 'text/x.tlog.size', '-7\n'],
    [409, 'text/x.tlog.size', '7'],
    [409, 'text/x.tlog.size', '99999999999999999999\n'],
  ])('is not believed when it answers %i %s %j', async (status, type, body) => {
    const url = await listen((_request, response) =>
      response.writeHead(status, { 'content-type': type }).end(body),
    )
    const request = { url, oldSize: 0, consistencyProof: [], checkpoint: note(1) }
    expect((await failureOf(addCheckpoint(request, CALM))).code).toMatch(/^(?:not_a_witness|fork)$/)
  })

  it('is asked over TLS that somebody vouches for', async () => {
    const certificate = selfSigned()
    const url = await listen((_request, response) => response.end(LINE), certificate)
    const request = { url, oldSize: 0, consistencyProof: [], checkpoint: note(1) }
    expect((await failureOf(addCheckpoint(request, CALM))).code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
    expect(await addCheckpoint({ ...request, ca: certificate.cert }, CALM)).toEqual({ cosignatures: LINE })
  })

  it('gets no request that the protocol has no form for', async () => {
    const request = { url: 'http://127.0.0.1:1', oldSize: 0, consistencyProof: [], checkpoint: note(1) }
    const wrong = [
      { oldSize: -1 },
      { oldSize: 1.5 },
      { consistencyProof: Array.from({ length: 64 }, () => hash(0)) },
      { checkpoint: 'x' },
    ]
    for (const part of wrong) {
      expect(await failureOf(addCheckpoint({ ...request, ...part }, CALM))).toBeInstanceOf(RangeError)
    }
    const controller = new AbortController()
    const url = await listen(() => controller.abort())
    expect((await failureOf(addCheckpoint({ ...request, url }, controller.signal))).code).toBe('aborted')
  })
})

describe('the setting of the evidence', () => {
  function verifierKey(name = 'witness.example/w1', type = 0x04, length = 32): string {
    const key = Buffer.concat([Buffer.from([type]), randomBytes(length)])
    const id = createHash('sha256').update(`${name}\n`).update(key).digest('hex').slice(0, 8)
    return `${name}+${id}+${key.toString('base64')}`
  }

  it('reads every kind of address', () => {
    const key = verifierKey()
    const result = parseEvidence(
      `stdout: file:/var/lib/evidence webhook+https://h/in?header.a=b witness+https://w.example/p/?key=${encodeURIComponent(key)}`,
    )
    if ('flaws' in result) throw new Error(result.flaws.join())
    expect(result.evidence).toEqual([
      { kind: 'stdout', name: 'stdout' },
      { kind: 'file', name: 'file:/var/lib/evidence', directory: '/var/lib/evidence' },
      expect.objectContaining({ kind: 'webhook', url: 'https://h/in', headers: { a: 'b' } }),
      expect.objectContaining({
        kind: 'witness',
        url: 'https://w.example/p',
        verifierKey: key,
        caFile: null,
      }),
    ])
    const sinks = result.evidence.map((settings) => createCheckpointSink(settings))
    for (const sink of sinks) later(() => sink?.close())
    expect(sinks.map((sink) => sink?.name)).toEqual([
      ...result.evidence.slice(0, 3).map((settings) => settings.name),
      undefined,
    ])
  })

  it('takes only the key of a witness', () => {
    const good = verifierKey()
    const keys = [
      '',
      'w+00000000+AAAA',
      verifierKey('w', 0x01),
      verifierKey('w', 0x04, 31),
      good.replace(/\+(.)/, (_, digit: string) => `+${digit === '0' ? '1' : '0'}`),
      good.replace('w1', 'w2'),
      `${good}=`,
    ]
    for (const key of keys) {
      const result = parseEvidence(`witness+https://w?key=${encodeURIComponent(key)}`)
      expect('flaws' in result && result.flaws).toEqual([expect.stringContaining('key: write')])
    }
  })

  it('tells every flaw at once', () => {
    const result = parseEvidence(
      'witness+http://w.example?x=1 syslog+tcp://h file:x webhook+http://h stdout:?y',
    )
    expect('flaws' in result && result.flaws.map((flaw) => /address \d/.exec(flaw)![0])).toEqual(
      [1, 1, 1, 2, 3, 4, 5].map((at) => `address ${at}`),
    )
  })
})
