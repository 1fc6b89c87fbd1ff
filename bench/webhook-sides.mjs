// Who delivers in the webhook benchmarks. Every side sends the same bodies with the same headers to the same receiver
// and at most 64 at a time: the most that one endpoint can be set to.
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { signWebhook } from '@bitting/core'
import pg from 'pg'
import { Pool } from 'undici'
import { deliveryHeaders } from '../server/dist/webhooks/attempt.js'
import { hmacSigner } from '../server/dist/webhooks/signing-keys.js'
import { addEndpoint, inBatches, openStage, SCHEMES, startDispatcher, take } from './webhook-stage.mjs'

const CONCURRENCY = 64
const BATCH = 500
const PATH = '/hook'

const competitor = createRequire(new URL('competitors/package.json', import.meta.url))

/**
 * Each side: `take` makes events durable, where it keeps any; `start` and `stop` delivering; `delivered` counts, and
 * `settled` resolves once what was counted is durable.
 */
export const sides = { bitting, undici, 'pg-boss': pgBoss, 'graphile-worker': graphileWorker }

async function bitting({ sink, directory, url }) {
  const stage = await openStage({ url, dataDirectory: directory })
  await addEndpoint(stage, `${sink}${PATH}`, CONCURRENCY)
  let running = null
  let before = 0
  return {
    take: (count) => take(stage, count, running?.dispatcher),
    start: async () => {
      running = startDispatcher(stage)
    },
    delivered: () => before + (running?.dispatcher.counts.accepted ?? 0),
    settled: () => running.dispatcher.settled(),
    stop: async () => {
      await running.stop()
      before += running.dispatcher.counts.accepted
      running = null
    },
    close: async () => {
      const { count } = await stage.database.read
        .selectFrom('webhook_deliveries')
        .select((it) => it.fn.countAll().as('count'))
        .where('state', '=', 'delivered')
        .executeTakeFirst()
      if (Number(count) !== before)
        throw new Error(`${before} deliveries were counted and the database holds ${count}`)
      await stage.database.close()
    },
  }
}

/** Signs as a server does and sends with as little around it as undici allows. */
function bareSender(sink) {
  const pool = new Pool(sink, { connections: CONCURRENCY, pipelining: 1 })
  const single = hmacSigner(randomBytes(32))
  const signers = { single, several: [single, hmacSigner(randomBytes(32))], ed25519: [] }
  const send = ({ id, body }) =>
    new Promise((resolve, reject) => {
      const signatures = signWebhook({ id, timestampMilliseconds: Date.now(), body }, signers, SCHEMES)
      const headers = deliveryHeaders({ headers: {} }, 'application/json', signatures)
      let status = 0
      pool.dispatch(
        { path: PATH, method: 'POST', headers, body },
        {
          onConnect: () => undefined,
          onHeaders: (code) => (status = code),
          onData: () => true,
          onComplete: () => (status === 200 ? resolve() : reject(new Error(`the sink answered ${status}`))),
          onError: reject,
        },
      )
    })
  return { send, close: () => pool.close() }
}

async function undici({ sink }) {
  const { send, close } = bareSender(sink)
  const waiting = []
  let sending = 0
  let delivered = 0
  let isStopped = true
  const pump = () => {
    for (; !isStopped && sending < CONCURRENCY && waiting.length > 0; sending++) {
      void send(waiting.pop()).then(() => {
        sending--
        delivered++
        pump()
      })
    }
  }
  return {
    take: (count) =>
      inBatches(count, async (events) => {
        waiting.push(...events)
        pump()
        // As whoever waits for a disk would, so that sending goes on meanwhile.
        await new Promise((resolve) => setImmediate(resolve))
      }),
    start: async () => {
      isStopped = false
      pump()
    },
    delivered: () => delivered,
    settled: async () => undefined,
    stop: async () => {
      isStopped = true
    },
    close,
  }
}

/**
 * pg-boss: `insert` takes a batch in one statement; several workers fetch large batches, are told to go on at once in
 * place of waiting for their interval of polling, and complete a batch in one statement.
 */
async function pgBoss({ sink, url }) {
  const WORKERS = 3
  const PgBoss = competitor('pg-boss')
  const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false, max: 10 })
  boss.on('error', (error) => {
    throw error
  })
  await boss.start()
  await boss.createQueue('webhooks')
  const { send, close } = bareSender(sink)
  const slots = limiter(CONCURRENCY)
  const client = await connect(url)
  let delivered = 0
  const work = () =>
    boss.work('webhooks', { batchSize: BATCH, pollingIntervalSeconds: 0.5 }, async (jobs) => {
      await Promise.all(jobs.map(({ data }) => slots(() => send(data))))
      delivered += jobs.length
      for (const id of workers) boss.notifyWorker(id)
    })
  let workers = []
  return {
    take: (count) =>
      inBatches(count, async (events) => {
        await boss.insert(events.map(({ id, body }) => ({ name: 'webhooks', data: { id, body } })))
        for (const id of workers) boss.notifyWorker(id)
      }),
    start: async () => {
      workers = await Promise.all(Array.from({ length: WORKERS }, work))
    },
    delivered: () => delivered,
    settled: () =>
      untilNone(client, `select 1 from pgboss.job where name = 'webhooks' and state < 'completed'`),
    stop: async () => {
      workers = []
      await boss.offWork('webhooks')
    },
    close: async () => {
      await boss.stop({ graceful: false })
      await Promise.all([close(), client.end()])
    },
  }
}

/** graphile-worker: `addJobs` in batches, its local queue for fetching and its batches for completing. */
async function graphileWorker({ sink, url }) {
  const { Logger, makeWorkerUtils, run } = competitor('graphile-worker')
  const logger = new Logger(() => () => undefined)
  const utils = await makeWorkerUtils({ connectionString: url, logger })
  await utils.migrate()
  const { send, close } = bareSender(sink)
  const client = await connect(url)
  let delivered = 0
  let runner = null
  const webhook = async (payload) => {
    await send(payload)
    delivered++
  }
  return {
    take: (count) =>
      inBatches(count, (events) =>
        utils.addJobs(events.map(({ id, body }) => ({ identifier: 'webhook', payload: { id, body } }))),
      ),
    start: async () => {
      const worker = { localQueue: { size: BATCH }, completeJobBatchDelay: 5, failJobBatchDelay: 5 }
      runner = await run({
        connectionString: url,
        concurrency: CONCURRENCY,
        noHandleSignals: true,
        pollInterval: 500,
        logger,
        taskList: { webhook },
        preset: { worker: { ...worker, maxPoolSize: 10 } },
      })
    },
    delivered: () => delivered,
    settled: () => untilNone(client, 'select 1 from graphile_worker._private_jobs'),
    stop: () => runner.stop(),
    close: async () => {
      await utils.release()
      await Promise.all([close(), client.end()])
    },
  }
}

/** Lets so many run at a time and the others wait in the order of asking. */
function limiter(most) {
  const waiting = []
  let running = 0
  return async (work) => {
    if (running === most) await new Promise((resolve) => waiting.push(resolve))
    else running++
    try {
      await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}

async function connect(url) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return client
}

async function untilNone(client, query) {
  for (;;) {
    const { rowCount } = await client.query(`${query} limit 1`)
    if (rowCount === 0) return
    await sleep(2)
  }
}
