// A small JSON upstream, the same for every side.
import { createServer } from 'node:http'
import { answerParent } from '../lib.mjs'

const body = Buffer.from(
  JSON.stringify({ agent_id: 'agent_1', agent_name: 'Reception', language: 'en-US', version: 3 }),
)
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  request.resume()
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
})
server.listen(0, '127.0.0.1', () => answerParent({ origin: `http://127.0.0.1:${server.address().port}` }))
