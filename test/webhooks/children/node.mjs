// A whole node, from the built program: its settings are the first argument. Says where it listens, and lives until it
// is killed.
import { readConfig } from '../../../server/dist/config.js'
import { serve } from '../../../server/dist/serve.js'

const { controlUrl } = await serve(readConfig(JSON.parse(process.argv[2])))
process.stdout.write(`${JSON.stringify({ controlUrl })}\n`)
