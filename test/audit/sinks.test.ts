import { PassThrough, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createSink } from '../../server/src/audit/sinks/create-sink.js'
import { parseSinks } from '../../server/src/audit/sinks/parse-sinks.js'
import { StdoutSink } from '../../server/src/audit/sinks/stdout-sink.js'
import { WebhookSink } from '../../server/src/audit/sinks/webhook-sink.js'
import { parseRetryAfter } from '../../server/src/http/retry-after.js'
import {
  bodyOf,
  CALM,
  entries,
  entry,
  failureOf,
  later,
  listen,
  selfSigned,
  temporaryDirectory,
  type Json,
} from './sink-fixtures.js'

function webhook(url: string, more: object = {}): WebhookSink {
  const sink = new WebhookSink('hook', { url, headers: {}, caFile: null, ...more })
  later(() => sink.close())
  return sink
}

describe('standard output', () => {
  it('gets the lines that the guide prints', async () => {
    const stream = new PassThrough()
    const sink = new StdoutSink('stdout', stream)
    await sink.deliver(entries(2), CALM)
    await sink.close()
    const printed = entries(2).map((log) => ['[AUDIT]', JSON.stringify(log)].join(' ') + '\n')
    expect(String(stream.read())).toBe(printed.join(''))
    expect(stream.listenerCount('error')).toBe(0)
    expect(stream.writableEnded).toBe(false)
  })

  it('counts as delivered when the system has the lines, and gets no more while it has not', async () => {
    const written: string[] = []
    let release = (): void => undefined
    const stream = new Writable({
      decodeStrings: false,
      write(chunk, _encoding, callback) {
        written.push(String(chunk))
        release = callback
      },
    })
    const sink = new StdoutSink('stdout', stream)
    for (let attempt = 0; attempt < 3; attempt++) {
      const controller = new AbortController()
      const failure = failureOf(sink.deliver([entry(attempt)], controller.signal))
      while (written.length === 0) await new Promise(setImmediate)
      controller.abort()
      expect((await failure).code).toBe('aborted')
    }
    expect(written).toHaveLength(1)
    expect(stream.writableLength).toBe(written[0]!.length)
    release()
    const last = sink.deliver([entry(7)], CALM)
    while (written.length < 2) await new Promise(setImmediate)
    release()
    await last
    expect(written[1]).toContain('"index":7')
  })

  it('fails when the stream does, and the process goes on', async () => {
    const stream = new Writable({
      write: (_chunk, _encoding, callback) => callback(Object.assign(new Error('secret'), { code: 'EPIPE' })),
    })
    const failure = await failureOf(new StdoutSink('stdout', stream).deliver([entry(0)], CALM))
    expect(failure.code).toBe('EPIPE')
    expect(failure.message).not.toContain('secret')
  })
})

describe('the webhook sink', () => {
  it('posts the entries with the fields it was given', async () => {
    const seen: Json[] = []
    const origin = await listen((request, response) => {
      void bodyOf(request).then((body) => {
        seen.push([request.method, request.url, request.headers, JSON.parse(body)])
        response.writeHead(204).end()
      })
    })
    await webhook(`${origin}/in?sig=a%2Fb`, { headers: { authorization: 'Bearer x' } }).deliver(
      entries(3),
      CALM,
    )
    expect(seen).toEqual([
      [
        'POST',
        '/in?sig=a%2Fb',
        expect.objectContaining({
          'content-type': 'application/json',
          authorization: 'Bearer x',
          'user-agent': 'bitting',
        }),
        { entries: entries(3) },
      ],
    ])
  })

  it.each([199 + 101, 301, 307, 308, 400, 401, 404, 410, 413, 429, 500, 503])(
    'fails on %i',
    async (status) => {
      let requests = 0
      const origin = await listen((_request, response) => {
        requests++
        response.writeHead(status, { location: '/else', 'retry-after': '7' }).end('the key is hunter2')
      })
      const failure = await failureOf(webhook(origin).deliver([entry(0)], CALM))
      expect(failure).toMatchObject({ code: `http_${status}`, status, retryAfterSeconds: 7 })
      expect(failure.message).not.toContain('hunter2')
      expect(requests).toBe(1)
    },
  )

  it('does not read an endless answer to its end', async () => {
    const isClosed = { value: false }
    const origin = await listen((_request, response) => {
      response.on('close', () => (isClosed.value = true))
      response.writeHead(200)
      const more = (): void => {
        while (!isClosed.value && response.write('x'.repeat(65_536)));
        if (!isClosed.value) response.once('drain', more)
      }
      more()
    })
    await webhook(origin).deliver([entry(0)], CALM)
    while (!isClosed.value) await new Promise(setImmediate)
  })

  it.each(['nothing', 'head', 'dripping'])('fails when the receiver hangs with %s sent', async (kind) => {
    const origin = await listen((_request, response) => {
      if (kind === 'nothing') return
      response.writeHead(200).write('x')
      if (kind === 'dripping') {
        const timer = setInterval(() => response.write('x'), 5)
        response.on('close', () => clearInterval(timer))
      }
    })
    const failure = await failureOf(webhook(origin, { limitMilliseconds: 60 }).deliver([entry(0)], CALM))
    expect(failure.code).toBe('timeout')
  })

  it('fails when it is told to stop, and when nobody answers', async () => {
    const controller = new AbortController()
    const origin = await listen(() => controller.abort())
    expect((await failureOf(webhook(origin).deliver([entry(0)], controller.signal))).code).toBe('aborted')
    expect((await failureOf(webhook('http://127.0.0.1:1').deliver([entry(0)], CALM))).code).toBe(
      'ECONNREFUSED',
    )
  })

  it('fails when the connection breaks before the answer is whole', async () => {
    const origin = await listen((request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('x')
      setImmediate(() => request.socket.destroy())
    })
    await failureOf(webhook(origin).deliver([entry(0)], CALM))
  })

  it('believes no certificate but a vouched one', async () => {
    const certificate = selfSigned()
    const origin = await listen((_request, response) => response.end(), certificate)
    expect((await failureOf(webhook(origin).deliver([entry(0)], CALM))).code).toBe(
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    )
    await webhook(origin, { caFile: certificate.certFile }).deliver([entry(0)], CALM)
  })
})

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['120', 120],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 37],
    ['Sun, 06 Nov 1994 08:48:37 GMT', 0],
    ['', null],
    ['-1', null],
    ['1.5', null],
    ['soon', null],
    ['1994-11-06', null],
  ])('%s is %s seconds', (text, seconds) => {
    expect(parseRetryAfter(text, Date.UTC(1994, 10, 6, 8, 49, 0))).toBe(seconds)
  })
})

describe('settings', () => {
  it('make a sink of every kind, under its name', async () => {
    const file = `${temporaryDirectory()}/a.jsonl`
    const result = parseSinks(
      `stdout: file:${file} syslog+tcp://127.0.0.1:1 otlp+http://127.0.0.1:1/v1/logs splunk+http://:t@127.0.0.1:1 webhook+http://127.0.0.1:1/`,
    )
    if ('flaws' in result) throw new Error(result.flaws.join())
    for (const settings of result.sinks) {
      const sink = createSink(settings)
      later(() => sink.close())
      expect(sink.name).toBe(settings.name)
      if (settings.kind === 'stdout') continue
      if (settings.kind === 'file') await sink.deliver([entry(0)], CALM)
      else expect((await failureOf(sink.deliver([entry(0)], CALM))).code).toBe('ECONNREFUSED')
    }
    expect(result.sinks).toHaveLength(6)
  })

  it('with a certificate that cannot be read make none', () => {
    const result = parseSinks('syslog+tls://h?ca=/nowhere/ca.pem')
    if ('flaws' in result) throw new Error(result.flaws.join())
    expect(() => createSink(result.sinks[0]!)).toThrow(/check its path/)
  })
})
