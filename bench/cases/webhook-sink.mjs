// The receiver of every side: reads a request to its end and answers 200. It speaks just enough HTTP for that, so that
// what is measured is who sends. A path that begins with /hang gets no answer.
import { createServer } from 'node:net'
import { answerParent } from '../lib.mjs'

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{"ok":true}'
const LENGTH = /\r\ncontent-length: (\d+)\r\n/i

const server = createServer({ noDelay: true }, (socket) => {
  let missing = 0
  let head = ''
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => {
    if (missing === 0) {
      head += chunk.latin1Slice()
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return
      missing = Number(LENGTH.exec(head)[1]) - (head.length - end - 4)
    } else {
      missing -= chunk.length
    }
    if (missing > 0 || head.startsWith('POST /hang')) return
    head = ''
    socket.write(ANSWER)
  })
})
server.listen(0, '127.0.0.1', () => answerParent({ origin: `http://127.0.0.1:${server.address().port}` }))
