import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readConfig, type Config } from '../../server/src/config.js'
import { serve } from '../../server/src/serve.js'

let config: Config

beforeEach(() => {
  config = readConfig({
    BITTING_DATA_DIR: mkdtempSync(join(tmpdir(), 'bitting-test-')),
    BITTING_LISTEN: '127.0.0.1:0',
    BITTING_GATEWAY_LISTEN: '127.0.0.1:0',
    BITTING_LOG_LEVEL: 'silent',
  })
})

afterEach(() => {
  rmSync(config.dataDirectory, { recursive: true, force: true })
})

describe('a node that stops', () => {
  it('waits for a caller of the management API who never ends a request, though not for ever', async () => {
    const running = await serve(config)
    const { hostname, port } = new URL(running.controlUrl)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    socket.write(
      'POST /v1/setup HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{',
    )
    await new Promise((resolve) => setTimeout(resolve, 100))
    const cutOff = once(socket, 'close')
    await running.close()
    await cutOff
  })
})

describe('a node that starts', () => {
  it('refuses to make a new root key for a database that was sealed under a lost one', async () => {
    await (await serve(config)).close()
    rmSync(join(config.dataDirectory, 'root.key'))
    await expect(serve(config)).rejects.toThrow(/root\.key is missing.*bring the file back/)
    expect(readdirSync(config.dataDirectory)).not.toContain('root.key')
  })
})
