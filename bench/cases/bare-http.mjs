// A bare node:http server that reads a JSON body and answers with as much as /v1/verify does.
import { createServer } from 'node:http'
import { answerParent } from '../lib.mjs'

const body = JSON.stringify({
  allowed: true,
  status: 200,
  code: 'allowed',
  message: 'The key may make this request.',
  key_id: 'key_4Zr0qN1b8Xc2D',
  operation: 'agent.retrieve',
  required: null,
  granted: null,
})
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  let text = ''
  request.setEncoding('utf8')
  request.on('data', (chunk) => (text += chunk))
  request.on('end', () => {
    JSON.parse(text)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body)
  })
})
server.listen(0, '127.0.0.1', () => answerParent({ origin: `http://127.0.0.1:${server.address().port}` }))
