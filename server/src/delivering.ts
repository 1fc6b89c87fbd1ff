import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { SignedCheckpoint } from './audit/checkpointer.js'
import type { Config } from './config.js'
import { every, runUntilClosed, type Opened } from './duties.js'
import { createReceivers, nowSeconds, type Installation, type Outward } from './installation.js'
import { holdLease } from './storage/lease.js'
import { CheckpointEvents } from './webhooks/checkpoint-events.js'
import { WebhookDispatcher } from './webhooks/dispatcher.js'
import { forgetEvents } from './webhooks/event-retention.js'
import { tellKeyExpiry } from './webhooks/key-expiry.js'
import { WebhookRelay } from './webhooks/relay.js'
import { TargetLoader } from './webhooks/targets.js'

/** What a node does for webhooks, and what tells how it is going. */
export interface Delivering extends Omit<Outward, 'gatewayUrl'> {
  readonly dispatcher: WebhookDispatcher
  readonly relay: WebhookRelay
  readonly onCheckpoint: (checkpoint: SignedCheckpoint) => void
}

const EXPIRY_MILLISECONDS = 60_000
const EXPIRY_LEASE_MILLISECONDS = 2 * EXPIRY_MILLISECONDS
const FORGET_MILLISECONDS = 600_000
const RANDOM_RANGE = 2 ** 32

/** Starts what delivers webhooks. Wiring only. */
export function startDelivering(
  installation: Installation,
  config: Config,
  log: Logger,
  opened: Opened,
): Delivering {
  const { database, sealer, logKeys, signingKeys } = installation
  const onError = (error: unknown, message: string): void => {
    log.error({ err: error }, message)
  }
  const node = randomUUID()
  const receivers = createReceivers(config)
  opened.add(() => receivers.close())
  const dispatcher = new WebhookDispatcher({
    database,
    logKeys,
    targets: new TargetLoader(signingKeys, sealer, onError),
    send: receivers.send,
    node,
    now: Date.now,
    random: () => randomInt(RANDOM_RANGE) / RANDOM_RANGE,
    randomBytes,
    onError,
  })
  const onEvents = (): void => dispatcher.wake()
  opened.add(database.onWakeUp(onEvents))
  runUntilClosed([(signal) => dispatcher.run(signal)], opened)
  const checkpoints = new CheckpointEvents(database, randomBytes, onEvents, onError)
  opened.add(() => checkpoints.close())
  const told = new Set<string>()
  const tellExpiry = async (): Promise<void> => {
    const isOurs = await holdLease(database, 'key-expiry', node, Date.now(), EXPIRY_LEASE_MILLISECONDS)
    if (!isOurs) return
    await tellKeyExpiry({ database, nowSeconds: nowSeconds(), randomBytes, told })
    onEvents()
  }
  opened.add(every(EXPIRY_MILLISECONDS, tellExpiry, onError))
  opened.add(every(FORGET_MILLISECONDS, () => forgetEvents(database, Date.now()), onError))
  const relay = new WebhookRelay({ database, sealer, logKeys, now: Date.now, randomBytes, onEvents })
  return { receivers, onEvents, dispatcher, relay, onCheckpoint: (signed) => checkpoints.offer(signed) }
}
