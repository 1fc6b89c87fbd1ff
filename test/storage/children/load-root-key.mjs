// Loads the root key of a data directory and prints a hash of it.
import { createHash } from 'node:crypto'
import { loadRootKey } from '../../../server/dist/storage/root-key.js'

const key = await loadRootKey({ dataDirectory: process.argv[2] })
process.stdout.write(`${createHash('sha256').update(key.export()).digest('hex')}\n`)
