import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { rejectedRecords } from '../../server/src/audit/sinks/otlp-records.js'
import { OtlpSink } from '../../server/src/audit/sinks/otlp-sink.js'
import { bodyOf, CALM, entries, entry, failureOf, later, listen, type Json } from './sink-fixtures.js'

interface Collector {
  readonly url: string
  readonly requests: number[][]
  readonly taken: Json[]
  isRejected: (index: number) => boolean
  answer: { status: number; body?: string; headers?: Record<string, string> } | null
}

/** Takes log records as the OTLP specification has it: JSON names in lowerCamelCase and 64-bit numbers as texts. */
async function collector(): Promise<Collector> {
  const there = { requests: [], taken: [], isRejected: () => false, answer: null } as unknown as Collector
  const origin = await listen((request, response) => {
    void bodyOf(request).then((body) => {
      if (there.answer !== null) {
        response.writeHead(there.answer.status, there.answer.headers).end(there.answer.body)
        return
      }
      if (request.method !== 'POST' || request.url !== '/v1/logs') return void response.writeHead(404).end()
      if (request.headers['content-type'] !== 'application/json') return void response.writeHead(415).end()
      const records = JSON.parse(body).resourceLogs.flatMap((resource: Json) =>
        resource.scopeLogs.flatMap((scope: Json) => scope.logRecords),
      )
      const indexes = records.map((record: Json) => JSON.parse(record.body.stringValue).index)
      there.requests.push(indexes)
      there.taken.push(...records.filter((_: unknown, at: number) => !there.isRejected(indexes[at])))
      const rejected = indexes.filter((index: number) => there.isRejected(index)).length
      const partial = {
        partialSuccess: { rejectedLogRecords: String(rejected), errorMessage: 'key is hunter2' },
      }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(rejected > 0 ? partial : {}))
    })
  })
  return Object.assign(there, { url: `${origin}/v1/logs` })
}

function sink(url: string): OtlpSink {
  const made = new OtlpSink('otlp', { url, headers: { authorization: 'Bearer x' }, caFile: null })
  later(() => made.close())
  return made
}

const indexOf = (record: Json): number => JSON.parse(record.body.stringValue).index

describe('the OTLP sink', () => {
  it('sends each entry as a log record', async () => {
    const there = await collector()
    await sink(there.url).deliver([entry(0), entry(1, { outcome: 'failure', reason: 'no_grant' })], CALM)
    expect(JSON.parse(there.taken[0].body.stringValue)).toEqual(entry(0))
    const [good, bad] = there.taken
    expect(good).toMatchObject({
      timeUnixNano: '1767323045000000000',
      observedTimeUnixNano: '1767323045000000000',
      severityNumber: 9,
      eventName: 'key.create',
    })
    expect(bad).toMatchObject({ severityNumber: 13, severityText: 'WARN' })
    const attributes = Object.fromEntries(bad.attributes.map((one: Json) => [one.key, one.value]))
    expect(attributes).toMatchObject({
      'bitting.index': { intValue: '1' },
      'bitting.workspace': { stringValue: 'ws_1' },
      'bitting.reason': { stringValue: 'no_grant' },
      'log.record.uid': { stringValue: 'ws_1/1' },
    })
    expect(attributes).not.toHaveProperty('bitting.request_id')
  })

  it('has not delivered while records are rejected, and sends again those alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(19), { minLength: 1, maxLength: 6 }), async (bad) => {
        const there = await collector()
        there.isRejected = (index) => bad.includes(index)
        const made = sink(there.url)
        const failure = await failureOf(made.deliver(entries(20), CALM))
        expect(failure.code).toBe('records_rejected')
        expect(failure.message).toContain(`${bad.length} of 20`)
        expect(failure.message).not.toContain('hunter2')
        there.requests.length = 0
        await failureOf(made.deliver(entries(20), CALM))
        expect([...new Set(there.requests.flat())].sort((a, b) => a - b)).toEqual(bad.sort((a, b) => a - b))
        there.isRejected = () => false
        await made.deliver(entries(20), CALM)
        expect(new Set(there.taken.map(indexOf)).size).toBe(20)
        await made.deliver(entries(20), CALM)
        expect(there.requests.at(-1)).toHaveLength(20)
      }),
      { numRuns: 15 },
    )
  })

  it.each([429, 502, 503, 504])('passes on what %i asks for', async (status) => {
    const there = await collector()
    there.answer = { status, headers: { 'retry-after': '33' } }
    expect(await failureOf(sink(there.url).deliver([entry(0)], CALM))).toMatchObject({
      code: `http_${status}`,
      retryAfterSeconds: 33,
    })
  })

  it('believes no answer that is not of OTLP', async () => {
    const there = await collector()
    there.answer = { status: 200, body: '<html>please log in</html>' }
    expect((await failureOf(sink(there.url).deliver([entry(0)], CALM))).code).toBe('not_otlp')
    there.answer = { status: 200, body: '' }
    await sink(there.url).deliver([entry(0)], CALM)
  })

  it.each([
    ['{}', 0],
    ['', 0],
    ['{"partialSuccess":{}}', 0],
    ['{"partialSuccess":null}', 0],
    ['{"partialSuccess":{"errorMessage":"a warning"}}', 0],
    ['{"partialSuccess":{"rejectedLogRecords":"3"}}', 3],
    ['{"partialSuccess":{"rejectedLogRecords":3}}', 3],
    ['{"partial_success":{"rejected_log_records":2}}', 2],
    ['{"partialSuccess":{"rejectedLogRecords":"-3"}}', null],
    ['{"partialSuccess":{"rejectedLogRecords":"x"}}', null],
    ['[]', null],
    ['OK', null],
    ['null', null],
    [null, null],
  ])('reads %s as %s rejected', (body, rejected) => {
    expect(rejectedRecords(body)).toBe(rejected)
  })
})
