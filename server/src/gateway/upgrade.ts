import type { Duplex } from 'node:stream'
import { responseHead } from './headers.js'
import { Exchange, type ForwardContext, type Passage } from './forward.js'
import { GatewayResponse, type GatewayRequest } from './messages.js'
import { afterRecording } from './recorder.js'
import type { Reviewed, Reviews } from './reviews.js'

/** The tunnels that are open: connections that left HTTP, bytes both ways. */
export class Tunnels {
  readonly #callers = new Set<Duplex>()
  readonly #reviews: Reviews

  constructor(reviews: Reviews) {
    this.#reviews = reviews
  }

  /** Joins two connections until either of them ends, or until their request would not be admitted any more. */
  join(caller: Duplex, upstream: Duplex, isStillAdmitted: () => boolean): void {
    const reviewed: Reviewed = { isStillAdmitted, end: () => caller.destroy() }
    const close = (): void => {
      caller.destroy()
      upstream.destroy()
      this.#callers.delete(caller)
      this.#reviews.delete(reviewed)
    }
    this.#callers.add(caller)
    this.#reviews.add(reviewed)
    for (const side of [caller, upstream]) side.on('error', close).on('close', close)
    caller.pipe(upstream)
    upstream.pipe(caller)
  }

  /** Closes every tunnel: they have no end of their own to wait for. */
  closeAll(): void {
    for (const caller of this.#callers) caller.destroy()
  }
}

/**
 * A response for a connection that Node has handed over after an offer to upgrade: it is written like any other, and
 * then the connection is closed, because nobody parses what may follow.
 *
 * @param idleMs how long the connection may be without a byte before it is closed
 */
export function responseAfterOffer(request: GatewayRequest, idleMs: number): GatewayResponse {
  const { socket } = request
  const response = new GatewayResponse(request)
  response.shouldKeepAlive = false
  // Node has taken its own listeners away.
  socket.on('error', () => socket.destroy())
  socket.on('drain', () => response.emit('drain'))
  socket.setTimeout(idleMs, () => socket.destroy())
  response.on('finish', () => socket.destroySoon())
  response.assignSocket(socket)
  return response
}

/**
 * Sends an allowed WebSocket handshake to its upstream. If the upstream agrees, bytes flow both ways until either side
 * ends; if it does not, its answer is passed on like any other.
 *
 * @param head what the caller sent after its handshake
 */
export function forwardUpgrade(
  request: GatewayRequest,
  response: GatewayResponse,
  passage: Passage,
  context: ForwardContext,
  tunnel: { readonly head: Buffer; readonly tunnels: Tunnels },
): void {
  new UpgradeExchange(request, response, passage, context, tunnel).start('websocket')
}

class UpgradeExchange extends Exchange {
  readonly #tunnel: Parameters<typeof forwardUpgrade>[4]

  constructor(
    request: GatewayRequest,
    response: GatewayResponse,
    passage: Passage,
    context: ForwardContext,
    tunnel: Parameters<typeof forwardUpgrade>[4],
  ) {
    super(request, response, passage, context)
    this.#tunnel = tunnel
  }

  onUpgrade(_status: number, rawHeaders: Buffer[], upstream: Duplex): void {
    // Until the tunnel stands nobody else listens, and an error would end the process.
    upstream.on('error', () => upstream.destroy())
    afterRecording(this.passage.recording, () => this.#join(rawHeaders, upstream))
  }

  #join(rawHeaders: Buffer[], upstream: Duplex): void {
    if (this.isOver) {
      upstream.destroy()
      return
    }
    this.isOver = true
    const { head, tunnels } = this.#tunnel
    const { headers } = responseHead(rawHeaders, this.passage.upstream.key, false)
    const caller = this.request.socket
    this.response.detachSocket(caller)
    // A tunnel may be silent for as long as both sides live, which TCP keep-alive finds out.
    caller.setTimeout(0)
    caller.write(switchingHead(headers), 'latin1')
    if (head.length > 0) upstream.write(head)
    tunnels.join(caller, upstream, () => this.context.objection(this.passage.verified) === null)
  }
}

function switchingHead(headers: readonly string[]): string {
  let text = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
  for (let index = 0; index < headers.length; index += 2) {
    text += `${headers[index] ?? ''}: ${headers[index + 1] ?? ''}\r\n`
  }
  return `${text}\r\n`
}
