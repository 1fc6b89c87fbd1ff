// What the webhook benchmarks deliver with: a workspace with a webhook key and endpoints, straight on the database, and
// events of 1 KiB.
import { createHash, createSecretKey, randomBytes } from 'node:crypto'
import { newKeyId, newToken, parseAddressRange, secretIdOf } from '@bitting/core'
import { LogKeys } from '../server/dist/audit/log-key.js'
import { secretSealingContext } from '../server/dist/storage/columns.js'
import { openDatabase } from '../server/dist/storage/database.js'
import { Sealer } from '../server/dist/storage/sealing.js'
import { AddressGuard } from '../server/dist/webhooks/address-guard.js'
import { WebhookDispatcher } from '../server/dist/webhooks/dispatcher.js'
import { envelope } from '../server/dist/webhooks/event.js'
import { takeEvents } from '../server/dist/webhooks/outbox.js'
import { WebhookSender } from '../server/dist/webhooks/sender.js'
import { endpointSecretContext, SigningKeys } from '../server/dist/webhooks/signing-keys.js'
import { TargetLoader } from '../server/dist/webhooks/targets.js'

/** The schemes that every side signs with. */
export const SCHEMES = ['standard', 'retell', 'body']
/** What makes the body of an event 1 KiB. */
const FILLING = 'x'.repeat(905)
const EVENTS_A_TRANSACTION = 100
const CALLERS = 4
const WORKSPACE = 'ws_bench'
const ROOT_KEY = createSecretKey(Buffer.alloc(32, 9))
const sealer = new Sealer(ROOT_KEY)

/** A fresh event whose body is 1 KiB. */
export function newEvent() {
  const facts = { type: 'call_ended', subject: null, source: 'posted', atMilliseconds: Date.now() }
  return envelope({ ...facts, data: { transcript: FILLING } }, randomBytes)
}

/** Has a number of events taken by `take` in batches, by callers that each wait for theirs, as those of a server do. */
export async function inBatches(count, take) {
  let left = count
  const caller = async () => {
    while (left > 0) {
      const batch = Math.min(EVENTS_A_TRANSACTION, left)
      left -= batch
      await take(Array.from({ length: batch }, newEvent))
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
}

/** Opens a database and makes a workspace whose webhooks are signed. */
export async function openStage(location) {
  const database = await openDatabase(location)
  const keyId = newKeyId(randomBytes)
  const secretId = secretIdOf(keyId, 0)
  const digest = createHash('sha256')
    .update(newToken('btg_live_', secretId, randomBytes))
    .digest()
  const insert = (table, values) => database.transact((tx) => tx.insertInto(table).values(values).execute())
  const made = { version: 1, created_at: 0 }
  const workspace = { id: WORKSPACE, name: 'Bench', ceilings: '{}', overlay: '[]', audit_size: 0, ...made }
  await insert('workspaces', workspace)
  const key = { id: keyId, workspace_id: WORKSPACE, kind: 'api', name: 'Webhooks', search_name: 'webhooks' }
  const settings = { environment: 'production', access: '{}', note: '', generation: 0, compromised: 0 }
  await insert('keys', { ...key, ...settings, ...made, created_by: 'bench', updated_at: 0 })
  await insert('secrets', {
    id: secretId,
    workspace_id: WORKSPACE,
    key_id: keyId,
    generation: 0,
    sealed_digest: sealer.seal(digest, secretSealingContext(WORKSPACE, secretId)),
    prefix: 'btg_live_',
    created_at: 0,
  })
  await insert('webhook_workspaces', { workspace_id: WORKSPACE, key_id: keyId, version: 1, last_sequence: 0 })
  return { database, insert }
}

/** Adds an endpoint that wants every event. */
export async function addEndpoint({ insert }, url, concurrency) {
  const id = `whe_${randomBytes(8).toString('hex')}`
  await insert('webhook_endpoints', {
    id,
    workspace_id: WORKSPACE,
    url,
    description: '',
    events: '["*"]',
    schemes: JSON.stringify(SCHEMES),
    rate_limit: null,
    concurrency,
    ordered: 0,
    handshake_required: 0,
    generation: 0,
    sealed_secret: sealer.seal(randomBytes(32), endpointSecretContext(WORKSPACE, id, 0)),
    version: 1,
    created_at: 0,
    created_by: 'bench',
    updated_at: 0,
  })
  return id
}

/** Takes events as the server does: each batch one transaction, and the dispatcher told of it. */
export function take({ database }, count, dispatcher = null) {
  return inBatches(count, async (events) => {
    await database.transact((tx) => takeEvents(tx, WORKSPACE, events))
    dispatcher?.wake()
  })
}

/** Starts a dispatcher with the sender that goes out to receivers; `stop` ends it once what it sent is durable. */
export function startDispatcher({ database }, limitMilliseconds) {
  const guard = new AddressGuard([parseAddressRange('127.0.0.0/8')])
  const sender = new WebhookSender({ guard, ...(limitMilliseconds && { limitMilliseconds }) })
  const dispatcher = new WebhookDispatcher({
    database,
    logKeys: new LogKeys(ROOT_KEY),
    targets: new TargetLoader(new SigningKeys(ROOT_KEY, sealer), sealer),
    send: (request) => sender.send(request),
    node: randomBytes(4).toString('hex'),
    now: Date.now,
    random: () => 0.5,
    randomBytes,
    onError: (error) => {
      throw error
    },
  })
  const controller = new AbortController()
  const run = dispatcher.run(controller.signal)
  const stop = async () => {
    controller.abort()
    await run
    await sender.close()
  }
  return { dispatcher, stop }
}
