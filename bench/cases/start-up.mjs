// Opens a database and makes the verifier ready, or only reads the rows that it is made of. Prints milliseconds.
import { readConfig } from '../../server/dist/config.js'
import { EntryMaker } from '../../server/dist/feed/entries.js'
import { KeyFeed } from '../../server/dist/feed/key-feed.js'
import { openInstallation } from '../../server/dist/installation.js'
import { readAllSecrets } from '../../server/dist/storage/verifier-rows.js'

const [, , side, dataDirectory] = process.argv
const { database, sealer, catalogs } = await openInstallation(readConfig({ BITTING_DATA_DIR: dataDirectory }))
const begun = performance.now()
let secrets = 0
if (side === 'rows') {
  for await (const rows of readAllSecrets(database)) secrets += rows.length
} else {
  const feed = await KeyFeed.start({
    database,
    entries: new EntryMaker(sealer, catalogs),
    monotonicMilliseconds: () => performance.now(),
    onError: (error) => {
      throw error
    },
  })
  secrets = feed.table.size
}
console.log(JSON.stringify({ milliseconds: performance.now() - begun, secrets }))
process.exit(0)
