// Webhooks: how fast they are delivered and signed, and what an endpoint that hangs costs the others.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { print, ratioText, runCase, startCase } from './lib.mjs'

const PROCESSES = 5
const COMPETITORS = ['pg-boss', 'graphile-worker']

/** The part `webhooks` of the benchmarks: on SQLite, against sending alone. */
export async function webhooks() {
  console.log(
    '\nDurable deliveries of 1 KiB, 64 at a time, against undici sending as much and keeping nothing',
  )
  const results = { bitting: [], undici: [] }
  await withSink(async ({ origin }) => {
    for (let process = 0; process < PROCESSES; process++) {
      for (const side of ['undici', 'bitting']) {
        results[side].push(await runCase('webhook-delivery.mjs', side, origin))
      }
    }
  })
  printDeliveries('SQLite', results.bitting, 'undici', results.undici, '0.5 or more')

  console.log('\nOne endpoint of 100 that hangs, against the other 99 alone')
  const ratios = []
  await withSink(async ({ origin }) => {
    for (let process = 0; process < PROCESSES; process++) {
      const { alone, beside } = await runCase('webhook-isolation.mjs', origin)
      ratios.push(alone / beside)
    }
  })
  print('deliveries a second of the 99, with / without', ratioText(ratios), '0.95 or more')
}

/** The part `webhook-queues`: on PostgreSQL, against job queues whose jobs send the same. */
export async function webhookQueues() {
  console.log(
    '\nDurable deliveries of 1 KiB on PostgreSQL, 64 at a time, against job queues that send the same',
  )
  installCompetitors()
  const sides = ['bitting', ...COMPETITORS, 'undici']
  const results = Object.fromEntries(sides.map((side) => [side, []]))
  await withPostgres((newDatabase) =>
    withSink(async ({ origin }) => {
      for (let process = 0; process < PROCESSES; process++) {
        for (const side of sides) {
          results[side].push(await runCase('webhook-delivery.mjs', side, origin, await newDatabase()))
        }
      }
    }),
  )
  for (const name of COMPETITORS) {
    printDeliveries('PostgreSQL', results.bitting, name, results[name], 'over 1')
  }
  printDeliveries('PostgreSQL', results.bitting, 'undici', results.undici)
}

/** The part `webhook-signing`: in process, against the cryptography that it cannot do without. */
export async function webhookSigning() {
  console.log('\nSigning a webhook of 1 KiB, against as many bare signatures (processor time)')
  const results = []
  for (let process = 0; process < PROCESSES; process++) results.push(await runCase('webhook-signing.mjs'))
  for (const name of Object.keys(results[0])) {
    print(`${name}: signings a second / bare`, ratioText(results.map((it) => it[name].bare / it[name].ours)))
  }
}

function printDeliveries(engine, ours, name, theirs, aim) {
  const ratios = (phase, figure) =>
    ratioText(ours.map((it, at) => it[phase][figure] / theirs[at][phase][figure]))
  print(`${engine}: of a backlog, a second / ${name}`, ratios('backlog', 'rate'), aim)
  print(`${engine}: while events are taken, a second / ${name}`, ratios('taking', 'rate'), aim)
  print(`${engine}: of a backlog, a processor second / ${name}`, ratios('backlog', 'cpu'))
  print(`${engine}: while taken, a processor second / ${name}`, ratios('taking', 'cpu'))
}

async function withSink(work) {
  const sink = await startCase('webhook-sink.mjs')
  try {
    await work(sink)
  } finally {
    await sink.stop()
  }
}

/** A PostgreSQL that flushes to the disk as in production, and databases in it; the tests' own, as the build left it. */
async function withPostgres(work) {
  const support = new URL('../.build/test/test/support/', import.meta.url)
  const guard = 'postgres-guard.mjs'
  copyFileSync(new URL(`../test/support/${guard}`, import.meta.url), new URL(guard, support))
  const { startPostgres } = await import(new URL('postgres.js', support))
  const server = await startPostgres({ durable: true })
  let made = 0
  const newDatabase = async () => {
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    const name = `bench_${made++}`
    await client.query(`create database ${name}`)
    // What one side left to be written must not be flushed while the next is measured.
    await client.query('checkpoint')
    await client.end()
    return server.url.replace(/[^/]*$/, name)
  }
  try {
    await work(newDatabase)
  } finally {
    await server.stop()
  }
}

/** Installs what this alone compares with, from a lockfile of its own and without running any script. */
function installCompetitors() {
  const directory = fileURLToPath(new URL('competitors/', import.meta.url))
  if (COMPETITORS.every((name) => existsSync(`${directory}node_modules/${name}`))) return
  const isWindows = process.platform === 'win32'
  const { status } = spawnSync(
    isWindows ? 'npm.cmd' : 'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: directory, stdio: ['ignore', 2, 2], shell: isWindows },
  )
  if (status !== 0) throw new Error('the job queues to compare with could not be installed')
}
