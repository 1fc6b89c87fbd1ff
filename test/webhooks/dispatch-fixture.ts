import { createHash, createSecretKey, randomBytes } from 'node:crypto'
import { newToken, newKeyId, secretIdOf, type WebhookScheme } from '@bitting/core'
import { LogKeys } from '../../server/src/audit/log-key.js'
import { secretSealingContext } from '../../server/src/storage/columns.js'
import type { WritableDatabase } from '../../server/src/storage/database.js'
import { Sealer } from '../../server/src/storage/sealing.js'
import type { WebhookDeliveryRow } from '../../server/src/storage/webhook-schema.js'
import type { Answer, Send } from '../../server/src/webhooks/attempt.js'
import { WebhookDispatcher, type DispatcherOptions } from '../../server/src/webhooks/dispatcher.js'
import { envelope } from '../../server/src/webhooks/event.js'
import { takeEvents } from '../../server/src/webhooks/outbox.js'
import { endpointSecretContext, secretText, SigningKeys } from '../../server/src/webhooks/signing-keys.js'
import { TargetLoader } from '../../server/src/webhooks/targets.js'

const ROOT_KEY = createSecretKey(Buffer.alloc(32, 9))
const sealer = new Sealer(ROOT_KEY)
const keys = new SigningKeys(ROOT_KEY, sealer)

/** When the clocks of these tests begin. */
export const START = Date.parse('2026-03-01T12:00:00Z')

/** A request as a receiver sees it. */
export type Sent = Parameters<Send>[0]

/** What a receiver of a test does with a request. */
export type Receiver = (request: Sent) => Promise<Answer> | Answer

/** An answer with a status and nothing else. */
export function answer(status: number, more: Partial<Answer> = {}): Answer {
  return { status, body: '', retryAfterSeconds: null, durationMilliseconds: 1, ...more }
}

/** No answer in time. */
export function timeout(): Promise<Answer> {
  return Promise.reject(Object.assign(new Error('no answer in time'), { code: 'timeout' }))
}

/** A workspace with a webhook key, endpoints, and dispatchers whose clock and receivers the test has in hand. */
export class Stage {
  now = START
  receiver: Receiver = () => answer(200)
  readonly errors: unknown[] = []
  readonly workspaceId = `ws_${randomBytes(6).toString('hex')}`

  readonly database: WritableDatabase

  constructor(database: WritableDatabase) {
    this.database = database
  }

  /** Makes the workspace and its webhook key, and returns the key's token. What other tests left lies still. */
  async open(): Promise<string> {
    await this.database.transact((tx) => tx.updateTable('webhook_workspaces').set({ key_id: null }).execute())
    await this.database.transact((tx) =>
      tx
        .insertInto('workspaces')
        .values({
          id: this.workspaceId,
          name: 'Test',
          ceilings: '{}',
          overlay: '[]',
          audit_size: 0,
          version: 1,
          created_at: 1,
        })
        .execute(),
    )
    const { id, token } = await this.addKey()
    await this.database.transact((tx) =>
      tx
        .insertInto('webhook_workspaces')
        .values({ workspace_id: this.workspaceId, key_id: id, version: 1, last_sequence: 0 })
        .execute(),
    )
    return token
  }

  async addKey(): Promise<{ id: string; token: string }> {
    const id = newKeyId(randomBytes)
    const now = Math.floor(this.now / 1000)
    await this.database.transact((tx) =>
      tx
        .insertInto('keys')
        .values({
          id,
          workspace_id: this.workspaceId,
          kind: 'api',
          name: 'Webhooks',
          search_name: 'webhooks',
          environment: 'production',
          access: '{}',
          note: '',
          version: 1,
          generation: 0,
          created_at: now,
          created_by: 'test',
          updated_at: now,
          compromised: 0,
        })
        .execute(),
    )
    return { id, token: await this.addSecret(id, 0) }
  }

  async addSecret(keyId: string, generation: number): Promise<string> {
    const secretId = secretIdOf(keyId, generation)
    const token = newToken('btg_live_', secretId, randomBytes)
    const digest = createHash('sha256').update(token).digest()
    await this.database.transact((tx) =>
      tx
        .insertInto('secrets')
        .values({
          id: secretId,
          workspace_id: this.workspaceId,
          key_id: keyId,
          generation,
          sealed_digest: sealer.seal(digest, secretSealingContext(this.workspaceId, secretId)),
          prefix: 'btg_live_',
          created_at: Math.floor(this.now / 1000),
        })
        .execute(),
    )
    return token
  }

  /** Adds an endpoint and returns its id and its own secret. */
  async addEndpoint(
    more: {
      readonly url?: string
      readonly events?: readonly string[]
      readonly schemes?: readonly WebhookScheme[]
      readonly concurrency?: number
      readonly rateLimit?: number
      readonly isOrdered?: boolean
    } = {},
  ): Promise<{ id: string; secret: string }> {
    const id = `whe_${randomBytes(6).toString('hex')}0`
    const secret = randomBytes(32)
    const now = Math.floor(this.now / 1000)
    await this.database.transact((tx) =>
      tx
        .insertInto('webhook_endpoints')
        .values({
          id,
          workspace_id: this.workspaceId,
          url: more.url ?? `https://${id.slice(4)}.example/hook`,
          description: '',
          events: JSON.stringify(more.events ?? ['*']),
          schemes: JSON.stringify(more.schemes ?? ['standard', 'retell', 'body']),
          rate_limit: more.rateLimit ?? null,
          concurrency: more.concurrency ?? 8,
          ordered: more.isOrdered === true ? 1 : 0,
          handshake_required: 0,
          generation: 0,
          sealed_secret: sealer.seal(secret, endpointSecretContext(this.workspaceId, id, 0)),
          version: 1,
          created_at: now,
          created_by: 'test',
          updated_at: now,
        })
        .execute(),
    )
    return { id, secret: secretText(secret) }
  }

  /** Takes events, and returns their ids. */
  async post(count = 1, subjectOf: (at: number) => string | null = () => null): Promise<string[]> {
    const events = Array.from({ length: count }, (_, at) =>
      envelope(
        {
          type: 'call_ended',
          subject: subjectOf(at),
          source: 'posted',
          data: { at },
          atMilliseconds: this.now,
        },
        randomBytes,
      ),
    )
    const taken = await this.database.transact((tx) => takeEvents(tx, this.workspaceId, events))
    return taken.map(({ id }) => id)
  }

  dispatcher(more: Partial<DispatcherOptions> = {}): WebhookDispatcher {
    return new WebhookDispatcher({
      database: this.database,
      logKeys: new LogKeys(ROOT_KEY),
      targets: new TargetLoader(keys, sealer, (error) => this.errors.push(error)),
      send: async (request) => this.receiver(request),
      node: randomBytes(4).toString('hex'),
      now: () => this.now,
      random: () => 0.5,
      randomBytes,
      onError: (error) => this.errors.push(error),
      ...more,
    })
  }

  /** Runs a dispatcher on the real clock until the work is done, and lets it end. */
  async running(dispatcher: WebhookDispatcher, work: () => Promise<void>): Promise<void> {
    const controller = new AbortController()
    const run = dispatcher.run(controller.signal)
    try {
      await work()
    } finally {
      controller.abort()
      await run
    }
  }

  /** One round at the clock's present, and all that it begins. */
  async round(dispatcher: WebhookDispatcher): Promise<void> {
    dispatcher.wake()
    await dispatcher.turn()
    await dispatcher.settled()
  }

  deliveries(endpointId?: string): Promise<WebhookDeliveryRow[]> {
    let query = this.database.read
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('workspace_id', '=', this.workspaceId)
      .orderBy('endpoint_id')
      .orderBy('sequence')
    if (endpointId !== undefined) query = query.where('endpoint_id', '=', endpointId)
    return query.execute()
  }

  /** Sets the clock to when the next delivery is due that is not due yet. */
  async skip(): Promise<void> {
    const times = (await this.deliveries()).flatMap(({ state, next_at_ms: at }) =>
      state === 'pending' && at > this.now ? [at] : [],
    )
    if (times.length > 0) this.now = Math.min(...times)
  }

  async isDone(): Promise<boolean> {
    return (await this.deliveries()).every(({ state }) => state !== 'pending')
  }
}

/** Waits until something holds; a test that never gets there fails by its own limit. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10))
}
