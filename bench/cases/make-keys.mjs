// Fills a SQLite database with keys, as fast as it can, for the start-up bench.
import { hash, randomBytes } from 'node:crypto'
import { newKeyId, newToken, secretIdOf } from '@bitting/core'
import { readConfig } from '../../server/dist/config.js'
import { openInstallation } from '../../server/dist/installation.js'
import { secretSealingContext } from '../../server/dist/storage/columns.js'

const [, , dataDirectory, keys] = process.argv
const ROWS_A_WRITE = 500
const { database, sealer } = await openInstallation(readConfig({ BITTING_DATA_DIR: dataDirectory }))
const ceilings = JSON.stringify({ development: 'full', staging: 'full', production: 'full' })
await database.transact((tx) =>
  tx
    .insertInto('workspaces')
    .values({
      id: 'ws_bench',
      name: 'Bench',
      ceilings,
      overlay: '[]',
      upstream: null,
      sealed_upstream_key: null,
      audit_size: 0,
      version: 1,
      created_at: 0,
    })
    .execute(),
)

function rowsOf() {
  const id = newKeyId(randomBytes)
  const secretId = secretIdOf(id, 0)
  const digest = Buffer.from(hash('sha256', newToken('btg_live_', secretId, randomBytes), 'binary'), 'latin1')
  const key = {
    id,
    workspace_id: 'ws_bench',
    kind: 'api',
    name: `Key ${id}`,
    search_name: `key ${id.toLowerCase()}`,
    environment: 'production',
    access: '{"call":"edit","history":"read"}',
    allowed_addresses: null,
    not_before: null,
    expires_at: 4_000_000_000,
    note: '',
    version: 1,
    generation: 0,
    created_at: 0,
    created_by: 'bench',
    updated_at: 0,
    compromised: 0,
  }
  const secret = {
    id: secretId,
    workspace_id: 'ws_bench',
    key_id: id,
    generation: 0,
    sealed_digest: sealer.seal(digest, secretSealingContext('ws_bench', secretId)),
    prefix: 'btg_live_',
    created_at: 0,
    retires_at: null,
    destroyed_at: null,
  }
  return { key, secret }
}

for (let written = 0; written < Number(keys); written += ROWS_A_WRITE * 20) {
  await database.transact(async (tx) => {
    for (let part = 0; part < 20; part++) {
      const rows = Array.from({ length: ROWS_A_WRITE }, rowsOf)
      await tx
        .insertInto('keys')
        .values(rows.map((row) => row.key))
        .execute()
      await tx
        .insertInto('secrets')
        .values(rows.map((row) => row.secret))
        .execute()
    }
  })
}
await database.close()
console.log(JSON.stringify({ keys: Number(keys) }))
