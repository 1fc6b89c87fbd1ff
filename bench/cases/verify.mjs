// In-process verification against one bare SHA-256 of the same token, turn by turn in one process.
// Prints the processor time of each in nanoseconds, and the bytes that a key takes.
import { hash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  KeyTable,
  newKeyId,
  newToken,
  OperationMatcher,
  packAccess,
  parseCatalog,
  secretIdOf,
  verify,
} from '@bitting/core'

const keys = Number(process.argv[2])
const turns = 15
const calls = 200_000
const now = 1_800_000_000

const digest = (token) => hash('sha256', token, 'binary')
const { catalog } = parseCatalog(
  readFileSync(new URL('../../catalogs/retell.catalog', import.meta.url), 'utf8'),
)
const active = { catalog, matcher: new OperationMatcher(catalog.operations) }
const mask = packAccess(catalog, { history: 'read', call: 'edit' })

const rssBefore = process.memoryUsage().rss
const table = new KeyTable(keys)
table.setWorkspace({ id: 'w', catalogs: { api: active, management: active } })
const headers = []
for (let index = 0; index < keys; index++) {
  const secretId = secretIdOf(newKeyId(randomBytes), 0)
  const token = newToken('btg_live_', secretId, randomBytes)
  table.put({
    secretId,
    digest: Buffer.from(digest(token), 'latin1'),
    workspaceId: 'w',
    kind: 'api',
    state: 'active',
    retiring: false,
    full: false,
    mask,
    expiresAt: 4_000_000_000,
    notBefore: null,
    allowedAddresses: null,
  })
  headers.push(`Bearer ${token}`)
}

const order = Int32Array.from({ length: calls }, () => Math.floor(Math.random() * keys))

// Two loops and not one with the side passed in: sharing a loop, the compiler spends its budget for inlining on both.
const sides = {
  bare: () => {
    let sum = 0
    for (let index = 0; index < calls; index++) sum += digest(headers[order[index]].slice(7)).length
    return sum
  },
  verify: () => {
    let sum = 0
    for (let index = 0; index < calls; index++) {
      const token = headers[order[index]].slice(7)
      const request = { token, address: null, method: 'POST', path: '/v3/list-calls' }
      if (verify(table, digest, request, now).outcome === 'allowed') sum++
    }
    return sum
  },
}

function time(side) {
  const before = process.cpuUsage()
  const sum = side()
  const { user, system } = process.cpuUsage(before)
  if (sum < calls) throw new Error('a good token was refused')
  return ((user + system) * 1000) / calls
}

const best = { bare: Infinity, verify: Infinity }
for (let turn = 0; turn < turns; turn++) {
  for (const [name, side] of Object.entries(sides)) best[name] = Math.min(best[name], time(side))
}
console.log(
  JSON.stringify({
    ...best,
    tableBytesPerKey: table.byteLength / keys,
    rssBytesPerKey: (process.memoryUsage().rss - rssBefore) / keys,
  }),
)
