import { spawn, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { verifyWebhook } from '@bitting/client/webhooks'
import { readConfig } from '../../server/src/config.js'
import { openLocal } from '../../server/src/local.js'
import type { EngineName } from '../../server/src/storage/migrations.js'
import { describeEachDatabase } from '../support/databases.js'
import type { ApiAnswer } from '../support/server.js'
import { until } from './dispatch-fixture.js'

const CHILD = fileURLToPath(new URL('children/node.mjs', import.meta.url))
/** How often each engine's node is killed; `KILLS=200` in the environment for a long run. */
const KILLS = Number(process.env['KILLS'] ?? 20)
/** One kill of so many comes while a request is with the receiver, which has taken it and not answered yet. */
const TRAPPED_OF = 3
const PUBLISHERS = 4
/**
 * A node lives until it has accepted so many events, and then some milliseconds: not for a time alone, in which a slow
 * machine would do nothing that could be lost.
 */
const EVENTS_MAX = 60
const LAST_MILLISECONDS_MAX = 20

interface Node {
  readonly process: ChildProcess
  readonly controlUrl: string
  readonly ended: Promise<unknown>
}

async function startNode(settings: Record<string, string>): Promise<Node> {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  for await (const line of createInterface({ input: child.stdout })) {
    const { controlUrl } = JSON.parse(line) as { controlUrl: string }
    return { process: child, controlUrl, ended }
  }
  throw new Error('the node ended before it listened')
}

/** A receiver that verifies, fails now and then, and remembers what came. */
class Sink {
  readonly bodies = new Map<string, string>()
  readonly times = new Map<string, number>()
  keys: string[] = []
  /** Called once, when the next request is taken and not answered yet. */
  trap: (() => void) | null = null
  forged = 0
  differing = 0
  readonly #server: Server
  readonly #failed = new Set<string>()
  #count = 0

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#receive(request).then((status) => response.writeHead(status).end())
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}/`
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #receive(request: IncomingMessage): Promise<number> {
    const parts: Buffer[] = []
    // A node that is killed takes its connections with it.
    try {
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
    } catch {
      return 499
    }
    const body = Buffer.concat(parts)
    if (!verifyWebhook(body, request.headers, this.keys)) {
      this.forged++
      return 401
    }
    const id = String(request.headers['webhook-id'])
    // Once each: the pause after a second failure is five minutes.
    if (++this.#count % 50 === 0 && !this.#failed.has(id)) {
      this.#failed.add(id)
      return 500
    }
    const known = this.bodies.get(id)
    if (known !== undefined && known !== body.toString()) this.differing++
    this.bodies.set(id, body.toString())
    this.times.set(id, (this.times.get(id) ?? 0) + 1)
    const { trap } = this
    this.trap = null
    trap?.()
    return 200
  }
}

/** Posts events to a node until it is gone, and notes those that it accepted. */
async function publish(
  node: Node,
  key: string,
  from: string,
  onAccepted: (id: string, marker: string) => void,
): Promise<void> {
  for (let number = 0; ; number++) {
    const marker = `${from}-${String(number)}`
    try {
      const answer = await fetch(`${node.controlUrl}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ type: 'order.paid', subject: marker, data: { marker } }),
      })
      const { id } = (await answer.json()) as { id: string }
      expect(answer.status).toBe(202)
      onAccepted(id, marker)
    } catch (error) {
      if (error instanceof TypeError || (error as Error).name === 'SyntaxError') return
      throw error
    }
  }
}

/** Kills a whole node under load on one engine, again and again, and looks at what was delivered. */
export function defineDeliveryCrashes(engine: EngineName): void {
  describeEachDatabase(
    'webhooks of a node that is killed again and again',
    (_, { locate }) => {
      it(`every accepted event arrives, repetitions under one id, in ${String(KILLS)} kills`, async () => {
        const { dataDirectory, url } = await locate()
        const settings = {
          BITTING_DATA_DIR: dataDirectory,
          BITTING_LISTEN: '127.0.0.1:0',
          BITTING_GATEWAY_LISTEN: '127.0.0.1:0',
          BITTING_LOG_LEVEL: 'fatal',
          BITTING_WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8',
          ...(url !== null && { BITTING_DATABASE_URL: url }),
        }
        const sink = new Sink()
        const sinkUrl = await sink.listen()
        const local = await openLocal(readConfig(settings))
        const { managementKey } = await local.createWorkspace('Crashes')
        await local.close()
        const accepted = new Map<string, string>()
        for (let kill = 0; kill < KILLS; kill++) {
          const node = await startNode(settings)
          if (kill === 0) sink.keys = await setUp(node.controlUrl, managementKey, sinkUrl)
          const end = (): void => void node.process.kill('SIGKILL')
          if (kill % TRAPPED_OF === 0) sink.trap = end
          // Where the receiver gets nothing, because another node's lease has not run out, what is accepted ends it too.
          const last = sink.trap === null ? randomInt(1, EVENTS_MAX) : 2 * EVENTS_MAX
          let count = 0
          const onAccepted = (id: string, marker: string): void => {
            accepted.set(id, marker)
            if (++count === last) setTimeout(end, randomInt(LAST_MILLISECONDS_MAX))
          }
          const publishers = Array.from({ length: PUBLISHERS }, (__, at) =>
            publish(node, managementKey, `${String(kill)}-${String(at)}`, onAccepted),
          )
          await Promise.all([node.ended, ...publishers])
        }
        const last = await startNode(settings)
        await until(() => [...accepted.keys()].every((id) => sink.bodies.has(id)))
        last.process.kill('SIGTERM')
        await last.ended
        sink.close()
        const repeated = [...sink.times.values()].filter((times) => times > 1).length
        for (const [id, marker] of accepted) {
          expect(JSON.parse(sink.bodies.get(id) ?? '')).toMatchObject({ id, data: { marker } })
        }
        expect([sink.forged, sink.differing]).toEqual([0, 0])
        // Else the kills came before there was anything to lose, or never between sending and recording.
        expect(accepted.size).toBeGreaterThan(KILLS)
        expect(repeated).toBeGreaterThan(0)
      }, 900_000)
    },
    [engine],
  )
}

/** Gives the workspace a webhook key and an endpoint, and returns what the receiver verifies with. */
async function setUp(controlUrl: string, managementKey: string, sinkUrl: string): Promise<string[]> {
  const call = async (method: string, path: string, body: object): Promise<ApiAnswer['body']> => {
    const answer = await fetch(`${controlUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${managementKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    expect(answer.ok).toBe(true)
    return answer.json()
  }
  const { key, token } = await call('POST', '/v1/keys', {
    name: 'Webhooks',
    environment: 'production',
    access: {},
  })
  await call('PUT', '/v1/webhook-key', { key_id: key.id })
  await call('POST', '/v1/webhook-endpoints', { url: sinkUrl, events: ['order.*'], concurrency: 16 })
  return [token as string]
}
