// A whole node as it is served, with a few hundred keys, in front of the upstream that is named; the second word says
// which calls it records, by default all.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../server/dist/config.js'
import { openLocal } from '../../server/dist/local.js'
import { serve } from '../../server/dist/serve.js'
import { answerParent } from '../lib.mjs'

const KEYS = 256
const config = readConfig({
  BITTING_DATA_DIR: mkdtempSync(join(tmpdir(), 'bitting-bench-')),
  BITTING_LISTEN: '127.0.0.1:0',
  BITTING_GATEWAY_LISTEN: '127.0.0.1:0',
  BITTING_LOG_LEVEL: 'error',
  BITTING_UPSTREAM: process.argv[2],
  BITTING_UPSTREAM_KEY: 'key_of_the_upstream',
})
const local = await openLocal(config)
const { managementKey } = await local.createWorkspace('Bench')
await local.close()
const { controlUrl, gatewayUrl } = await serve(config)
const tokens = []
for (let index = 0; index < KEYS; index++) {
  const response = await fetch(`${controlUrl}/v1/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${managementKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: `Key ${index}`, environment: 'production', access: { agent: 'read' } }),
  })
  tokens.push((await response.json()).token)
}
const policy = await fetch(`${controlUrl}/v1/workspace`, {
  method: 'PATCH',
  headers: { authorization: `Bearer ${managementKey}`, 'content-type': 'application/json' },
  body: JSON.stringify({ audit: { calls: process.argv[3] ?? 'all' } }),
})
if (!policy.ok) throw new Error(`the audit policy was not taken: ${policy.status}`)
answerParent({ origin: gatewayUrl, controlUrl, managementKey, tokens })
