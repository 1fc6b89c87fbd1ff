// `npm run bench`: every figure is a ratio against a named baseline from the same run, sides in turn, medians of five
// processes a side. Pass names to run a part: `npm run bench -- verify gateway`.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditProof } from './audit-proof.mjs'
import { median, print, ratioText, runCase, startCase } from './lib.mjs'
import { cpuPerRequest } from './load.mjs'
import { webhookQueues, webhooks, webhookSigning } from './webhooks.mjs'

const PROCESSES = 5
const MILLION = 1_000_000

const parts = {
  'audit-append': async () => {
    console.log('\nDurable audit entries with 256 callers that wait, against other files on the same disk')
    const ratios = { single: [], bare: [], whole: [] }
    for (let process = 0; process < PROCESSES; process++) {
      const { ready, whole, bare, single } = await runCase('audit-append.mjs')
      ratios.single.push(ready / single)
      ratios.bare.push(ready / bare)
      ratios.whole.push(whole / single)
    }
    print('group commit / one flush an entry', ratioText(ratios.single), '25 or more')
    print('group commit / a bare file of the same batches', ratioText(ratios.bare), '0.5 or more')
    print('from the facts of a call on / one flush an entry', ratioText(ratios.whole))
  },

  'audit-search': async () => {
    console.log(
      '\nSearch in an audit log of a million entries on SQLite, against reading one entry by its place',
    )
    const results = []
    for (let process = 0; process < 1; process++) results.push(await runCase('audit-search.mjs', MILLION))
    for (const [name, { p50, p99 }] of Object.entries(results[0].searches)) {
      print(`${name}: p50, p99 / reading one entry (p50)`, `${p50.toFixed(1)}, ${p99.toFixed(1)}`)
    }
    print('slowest p99 in milliseconds', results[0].slowest.toFixed(1), 'under 10 for one filter')
  },

  'audit-proof': auditProof,

  verify: async () => {
    console.log('\nVerification in process, against one bare SHA-256 of the same token (processor time)')
    for (const [keys, aim] of [
      [10_000, '2 or less'],
      [MILLION, '2.5 or less'],
    ]) {
      const results = []
      for (let process = 0; process < PROCESSES; process++) results.push(await runCase('verify.mjs', keys))
      print(
        `verify at ${keys.toLocaleString('en')} keys / bare hash`,
        ratioText(results.map((it) => it.verify / it.bare)),
        aim,
      )
      if (keys === MILLION) {
        print(
          'bytes of the table a key, at a million',
          median(results.map((it) => it.tableBytesPerKey)).toFixed(1),
          '70 or less',
        )
      }
    }
  },

  endpoint: async () => {
    console.log('\nPOST /v1/verify, against a bare node:http server that reads and answers as much JSON')
    const ratios = { cpu: [], rate: [] }
    for (let process = 0; process < PROCESSES; process++) {
      const bare = await startCase('bare-http.mjs')
      const node = await startCase('node.mjs', 'http://127.0.0.1:9')
      const bodies = node.tokens.map((token) =>
        JSON.stringify({ token, method: 'GET', path: '/get-agent/agent_1' }),
      )
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${node.managementKey}` }
      const requestAt = (index) => ({
        path: '/v1/verify',
        method: 'POST',
        headers,
        body: bodies[index % bodies.length],
      })
      const left = await cpuPerRequest({ ...node, origin: node.controlUrl }, 8000, requestAt)
      const right = await cpuPerRequest(bare, 8000, requestAt)
      ratios.cpu.push(right.cpu / left.cpu)
      ratios.rate.push(right.wall / left.wall)
      await Promise.all([bare.stop(), node.stop()])
    }
    print('requests a processor second / bare node:http', ratioText(ratios.cpu))
    print('requests a second at 64 connections / bare node:http', ratioText(ratios.rate))
  },

  gateway: async () => {
    console.log('\nThe gateway, against pass-throughs that check nothing, in front of the same upstream')
    const nodes = { recording: 'recording every call', quiet: 'recording writes only' }
    const ratios = {}
    for (let process = 0; process < PROCESSES; process++) {
      const upstream = await startCase('upstream.mjs')
      const sides = {
        recording: await startCase('node.mjs', upstream.origin, 'all'),
        quiet: await startCase('node.mjs', upstream.origin, 'writes'),
        undici: await startCase('pass-through.mjs', 'undici', upstream.origin),
        http: await startCase('pass-through.mjs', 'http', upstream.origin),
      }
      const results = {}
      for (const [name, side] of Object.entries(sides)) {
        const { tokens } = name in nodes ? side : sides.recording
        const headers = tokens.map((token) => ({
          authorization: `Bearer ${token}`,
          accept: 'application/json',
        }))
        results[name] = await cpuPerRequest(side, 12_000, (index) => ({
          path: '/get-agent/agent_1',
          method: 'GET',
          headers: headers[index % headers.length],
        }))
      }
      for (const node of Object.keys(nodes)) {
        for (const bare of ['undici', 'http']) {
          const { cpu, wall } = ((ratios[node] ??= {})[bare] ??= { cpu: [], wall: [] })
          cpu.push(results[bare].cpu / results[node].cpu)
          wall.push(results[bare].wall / results[node].wall)
        }
      }
      await Promise.all([upstream, ...Object.values(sides)].map((side) => side.stop()))
    }
    for (const [node, title] of Object.entries(nodes)) {
      const { undici, http } = ratios[node]
      print(`${title}: a processor second / bare undici dispatch`, ratioText(undici.cpu), '0.9 or more')
      print(`${title}: a second, 64 connections / bare undici`, ratioText(undici.wall))
      print(`${title}: a processor second / bare node:http`, ratioText(http.cpu))
      print(`${title}: a second, 64 connections / bare node:http`, ratioText(http.wall))
    }
  },

  webhooks,

  'webhook-queues': webhookQueues,

  'webhook-signing': webhookSigning,

  'start-up': async () => {
    console.log(
      '\nStart with a million keys in SQLite, against reading their rows and doing nothing with them',
    )
    const directory = mkdtempSync(join(tmpdir(), 'bitting-bench-'))
    try {
      await runCase('make-keys.mjs', directory, MILLION)
      const ratios = []
      for (let process = 0; process < PROCESSES; process++) {
        const rows = await runCase('start-up.mjs', 'rows', directory)
        const feed = await runCase('start-up.mjs', 'feed', directory)
        if (rows.secrets !== MILLION || feed.secrets !== MILLION) throw new Error('not every key was read')
        ratios.push(feed.milliseconds / rows.milliseconds)
      }
      print('time until the verifier is ready / reading the rows', ratioText(ratios), 'under 3')
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

const names = process.argv.slice(2)
const unknown = names.filter((name) => !(name in parts))
if (unknown.length > 0) {
  console.error(`bench: there is no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`)
  process.exit(2)
}
for (const name of names.length > 0 ? names : Object.keys(parts)) await parts[name]()
console.log('\nRatios of one machine and one run; absolute times would say nothing elsewhere.')
