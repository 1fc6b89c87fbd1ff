import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../server/src/config.js'
import { openLocal } from '../../server/src/local.js'
import { serve } from '../../server/src/serve.js'

/** What a call to the management API came back with. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  // The tests look into answers of every shape, and say in each place what they expect there.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any
}

/** A workspace of a test server and the full management key that came with it. */
export interface TestWorkspace {
  readonly id: string
  readonly managementKey: string
}

/** A whole node on free loopback ports, with one workspace. */
export interface TestServer extends TestWorkspace {
  readonly controlUrl: string
  readonly gatewayUrl: string
  readonly dataDirectory: string
  /** Calls the management API; the key defaults to the workspace's full one, null sends none. */
  call(
    method: string,
    path: string,
    body?: unknown,
    options?: { key?: string | null; headers?: Record<string, string> },
  ): Promise<ApiAnswer>
  /** Creates an API key and returns its id and token. */
  createKey(access: unknown, more?: Record<string, unknown>): Promise<{ id: string; token: string }>
  /** A request through the gateway. */
  fetch(path: string, token: string | null, init?: RequestInit): Promise<Response>
  /** Another tenant of the same installation. */
  newWorkspace(name: string): Promise<TestWorkspace>
  close(): Promise<void>
}

/** Starts a node in this process. `settings` are environment variables on top of a test's defaults. */
export async function startServer(settings: Record<string, string> = {}): Promise<TestServer> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'bitting-test-'))
  const config = readConfig({
    BITTING_DATA_DIR: dataDirectory,
    BITTING_LISTEN: '127.0.0.1:0',
    BITTING_GATEWAY_LISTEN: '127.0.0.1:0',
    BITTING_LOG_LEVEL: 'silent',
    // Where tests have their receivers of webhooks.
    BITTING_WEBHOOK_ALLOWED_ADDRESSES: '127.0.0.0/8',
    ...settings,
  })
  const running = await serve(config)
  const newWorkspace = async (name: string): Promise<TestWorkspace> => {
    const local = await openLocal(config)
    try {
      const { workspaceId, managementKey } = await local.createWorkspace(name)
      await waitUntilKnown(running.controlUrl, managementKey)
      return { id: workspaceId, managementKey }
    } finally {
      await local.close()
    }
  }
  const first = await newWorkspace('First')
  const call: TestServer['call'] = async (method, path, body, options = {}) => {
    const key = options.key === undefined ? first.managementKey : options.key
    const response = await fetch(`${running.controlUrl}${path}`, {
      method,
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
  }
  return {
    ...first,
    controlUrl: running.controlUrl,
    gatewayUrl: running.gatewayUrl,
    dataDirectory,
    call,
    createKey: async (access, more = {}) => {
      const { status, body } = await call('POST', '/v1/keys', {
        name: 'Test',
        environment: 'production',
        access,
        ...more,
      })
      if (status !== 201) throw new Error(`the key was not created: ${JSON.stringify(body)}`)
      return { id: body.key.id as string, token: body.token as string }
    },
    fetch: (path, token, init = {}) =>
      fetch(`${running.gatewayUrl}${path}`, {
        ...init,
        headers: {
          ...(init.headers as Record<string, string>),
          ...(token !== null && { authorization: `Bearer ${token}` }),
        },
      }),
    newWorkspace,
    close: async () => {
      await running.close()
      rmSync(dataDirectory, { recursive: true, force: true })
    },
  }
}

/** A key made beside the server is known to it when its feed has read the change log. */
async function waitUntilKnown(controlUrl: string, key: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const response = await fetch(`${controlUrl}/v1/whoami`, { headers: { authorization: `Bearer ${key}` } })
    await response.arrayBuffer()
    if (response.ok) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the server did not learn of the new key')
}
