// The least that forwards a request: what a gateway is measured against. Streams both ways and checks nothing.
import { createServer, request as httpRequest, Agent } from 'node:http'
import { Pool } from 'undici'
import { answerParent } from '../lib.mjs'

const [, , kind, origin] = process.argv
const pool = new Pool(origin, { connections: 128, pipelining: 1 })
const agent = new Agent({ keepAlive: true, maxSockets: 128 })
const { hostname, port } = new URL(origin)

function withUndici(request, response) {
  const { method, url: path } = request
  const hasBody =
    request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
  const headers = request.rawHeaders.filter(
    (_, index) => !/^(host|connection)$/i.test(request.rawHeaders[index & ~1]),
  )
  pool.dispatch(
    { method, path, headers, body: hasBody ? request : null },
    {
      onConnect() {},
      onHeaders(status, raw, resume) {
        response.on('drain', resume)
        response.writeHead(status, raw.map(String))
        return true
      },
      onData: (chunk) => response.write(chunk),
      onComplete: () => response.end(),
      onError: () => response.destroy(),
    },
  )
}

function withHttp(request, response) {
  const { method, url: path, headers } = request
  const outgoing = httpRequest({ hostname, port, method, path, headers, agent }, (incoming) => {
    response.writeHead(incoming.statusCode, incoming.headers)
    incoming.pipe(response)
  })
  outgoing.on('error', () => response.destroy())
  request.pipe(outgoing)
}

const server = createServer({ keepAliveTimeout: 60_000 }, kind === 'undici' ? withUndici : withHttp)
server.listen(0, '127.0.0.1', () => answerParent({ origin: `http://127.0.0.1:${server.address().port}` }))
