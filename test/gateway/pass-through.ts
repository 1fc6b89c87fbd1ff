import { afterEach, beforeEach } from 'vitest'
import { startGateway, World } from './support.js'
import { bearer, RawUpstream, requestBytes } from './raw-http.js'
import { Cleanup } from './waiting.js'

/** What every test has anew: a gateway with one full key in front of an upstream that answers as it is told. */
export const cleanup = new Cleanup()
export let world: World
export let upstream: RawUpstream
export let port: number
export let token: string

/** Makes them for each test of a file. */
export function usePassThrough(): void {
  beforeEach(async () => {
    world = new World()
    upstream = await RawUpstream.start(cleanup)
    port = (await startGateway(cleanup, world, upstream.origin)).port
    token = world.addKey()
  })
  afterEach(() => cleanup.run())
}

/** A request that the upstream would be asked. */
export const get = (lines: readonly string[] = []): string =>
  requestBytes('GET', '/get-agent/x', [bearer(token), ...lines])

/** Makes the upstream answer these bytes. */
export function answerWith(bytes: string): void {
  upstream.answering = (_request, socket) => socket.write(Buffer.from(bytes, 'latin1'))
}
