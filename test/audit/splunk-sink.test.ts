import { describe, expect, it } from 'vitest'
import { SplunkSink, type SplunkCollector } from '../../server/src/audit/sinks/splunk-sink.js'
import { bodyOf, CALM, entries, entry, failureOf, later, listen, type Json } from './sink-fixtures.js'

const TOKEN = 'B5A79AAD-D822-46CC-80D1-819F80D7BFB0'
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

interface Hec {
  readonly url: string
  /** Events in the queue, by channel and number, and the events that were indexed. */
  readonly queue: Map<string, Json[]>
  readonly indexed: Json[]
  polls: number
  isBusy: boolean
  isIndexing: boolean
}

/** As Splunk documents its HTTP Event Collector: statuses, codes, channels, and an acknowledgement told only once. */
async function hec(options: { useAck: boolean }): Promise<Hec> {
  const there = { queue: new Map(), indexed: [], polls: 0, isBusy: false, isIndexing: true } as unknown as Hec
  const done = new Set<string>()
  let number = 0
  const handle = (url: URL, channel: string | undefined, text: string): [number, object] => {
    if (options.useAck && channel === undefined) return [400, { text: 'Data channel is missing', code: 10 }]
    if (channel !== undefined && !GUID.test(channel)) return [400, { text: 'Invalid data channel', code: 11 }]
    if (url.pathname === '/services/collector/ack') {
      if (!options.useAck) return [400, { text: 'ACK is disabled', code: 14 }]
      there.polls++
      const status = (id: number): boolean => done.delete(`${channel} ${id}`)
      const acks = Object.fromEntries(JSON.parse(text).acks.map((id: number) => [id, status(id)]))
      if (there.isIndexing) {
        for (const [key, events] of there.queue) {
          there.indexed.push(...events)
          done.add(key)
        }
        there.queue.clear()
      }
      return [200, { acks }]
    }
    if (url.pathname !== '/services/collector/event') return [404, { text: 'Not found', code: 404 }]
    if (there.isBusy) return [503, { text: 'Server is busy', code: 9 }]
    if (text === '') return [400, { text: 'No data', code: 5 }]
    const events = text.split('\n').map((line) => JSON.parse(line))
    if (events.some((one) => !('event' in one))) return [400, { text: 'Event field is required', code: 12 }]
    if (events.some((one) => one.index === 'forbidden')) return [400, { text: 'Incorrect index', code: 7 }]
    if (!options.useAck) {
      there.indexed.push(...events)
      return [200, { text: 'Success', code: 0 }]
    }
    there.queue.set(`${channel} ${number}`, events)
    return [200, { text: 'Success', code: 0, ackId: number++ }]
  }
  const origin = await listen((request, response) => {
    void bodyOf(request).then((text) => {
      const url = new URL(request.url!, 'http://x')
      const channel =
        (request.headers['x-splunk-request-channel'] as string) ?? url.searchParams.get('channel')
      const [status, answer] =
        request.headers.authorization === `Splunk ${TOKEN}`
          ? handle(url, channel ?? undefined, text)
          : [403, { text: 'Invalid token', code: 4 }]
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    })
  })
  return Object.assign(there, { url: `${origin}/services/collector/event` })
}

function sink(url: string, more: Partial<SplunkCollector> = {}): SplunkSink {
  const made = new SplunkSink('splunk', {
    url,
    token: TOKEN,
    index: null,
    sourcetype: 'bitting:audit',
    ack: false,
    caFile: null,
    firstPollMilliseconds: 1,
    ...more,
  })
  later(() => made.close())
  return made
}

describe('the Splunk sink', () => {
  it('sends each entry as an event', async () => {
    const there = await hec({ useAck: false })
    await sink(there.url, { index: 'main' }).deliver(entries(50), CALM)
    expect(there.indexed.map((one) => one.event)).toEqual(entries(50))
    expect(there.indexed[7]).toMatchObject({
      time: '1767323045.007',
      source: 'bitting',
      sourcetype: 'bitting:audit',
      index: 'main',
      fields: { bitting_log: 'ws_1', bitting_index: '7' },
    })
    await sink(there.url).deliver([entry(0)], CALM)
    expect(there.indexed.at(-1)).not.toHaveProperty('index')
  })

  it('has delivered when the indexer says so, not before', async () => {
    const there = await hec({ useAck: true })
    there.isIndexing = false
    const made = sink(there.url, { ack: true })
    let isDelivered = false
    const delivery = made.deliver(entries(3), CALM).then(() => (isDelivered = true))
    while (there.polls < 4) await new Promise(setImmediate)
    expect(isDelivered).toBe(false)
    there.isIndexing = true
    await delivery
    expect(there.indexed.map((one) => one.event.index)).toEqual([0, 1, 2])
    await made.deliver(entries(2, 3), CALM)
    expect(there.indexed).toHaveLength(5)
  })

  it('has not delivered when the acknowledgement does not come', async () => {
    const there = await hec({ useAck: true })
    there.isIndexing = false
    const made = sink(there.url, { ack: true, ackLimitMilliseconds: 50 })
    expect((await failureOf(made.deliver([entry(0)], CALM))).code).toBe('timeout')
    const controller = new AbortController()
    const stopped = failureOf(sink(there.url, { ack: true }).deliver([entry(0)], controller.signal))
    const before = there.polls
    while (there.polls === before) await new Promise(setImmediate)
    controller.abort()
    expect((await stopped).code).toBe('aborted')
  })

  it('says what the collector found wrong, without the token', async () => {
    const there = await hec({ useAck: false })
    const cases: [Partial<SplunkCollector>, object, RegExp][] = [
      [{ token: 'a-secret' }, { code: 'http_403' }, /not known/],
      [{ index: 'forbidden' }, { code: 'http_400' }, /index/],
      [{ ack: true }, { code: 'no_ack_id' }, /leave ack away/],
    ]
    for (const [more, failure, message] of cases) {
      const error = await failureOf(sink(there.url, more).deliver([entry(0)], CALM))
      expect(error).toMatchObject(failure)
      expect(error.message).toMatch(message)
      expect(error.message).not.toMatch(/a-secret|B5A79AAD/)
    }
    there.isBusy = true
    const busy = await failureOf(sink(there.url).deliver([entry(0)], CALM))
    expect(busy).toMatchObject({ code: 'http_503', status: 503 })
    const withAck = await hec({ useAck: true })
    expect((await failureOf(sink(withAck.url).deliver([entry(0)], CALM))).message).toMatch(/add ack=true/)
  })

  it('believes no answer that is not of a collector', async () => {
    for (const body of ['welcome', '{}', '{"text":"No data","code":5}', '[0]']) {
      const origin = await listen((_request, response) => response.end(body))
      const failure = await failureOf(sink(`${origin}/services/collector/event`).deliver([entry(0)], CALM))
      expect(failure.code).toBe('not_a_collector')
    }
  })
})
