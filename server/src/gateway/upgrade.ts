import type { Duplex } from 'node:stream'
import { responseHead } from './headers.js'
import { Exchange, type ForwardContext, type Passage } from './forward.js'
import { GatewayResponse, type GatewayRequest } from './messages.js'

/** How often open tunnels are judged again: a revoked key's tunnel lives this long at most. */
const REVIEW_INTERVAL_MS = 5000

/** One connection that left HTTP: bytes both ways, and whether its request would still be admitted. */
interface Tunnel {
  readonly caller: Duplex
  readonly upstream: Duplex
  readonly isStillAdmitted: () => boolean
}

/**
 * The tunnels that are open. A tunnel outlives the decision that opened it, so it is judged again every few seconds,
 * and closed as soon as its key would not be let through any more.
 */
export class Tunnels {
  readonly #open = new Set<Tunnel>()
  readonly #intervalMs: number
  #timer: NodeJS.Timeout | null = null

  constructor(intervalMs: number = REVIEW_INTERVAL_MS) {
    this.#intervalMs = intervalMs
  }

  /** How many tunnels are open. */
  get size(): number {
    return this.#open.size
  }

  /** Joins two connections until either of them ends. */
  join(tunnel: Tunnel): void {
    const { caller, upstream } = tunnel
    this.#open.add(tunnel)
    this.#timer ??= setInterval(() => this.#review(), this.#intervalMs).unref()
    const close = (): void => {
      caller.destroy()
      upstream.destroy()
      this.#open.delete(tunnel)
    }
    for (const side of [caller, upstream]) side.on('error', close).on('close', close)
    caller.pipe(upstream)
    upstream.pipe(caller)
  }

  /** Closes every tunnel: they have no end of their own to wait for. */
  closeAll(): void {
    for (const { caller } of this.#open) caller.destroy()
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #review(): void {
    for (const { caller, isStillAdmitted } of this.#open) {
      if (!isStillAdmitted()) caller.destroy()
    }
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
  tunnel: { readonly head: Buffer; readonly tunnels: Tunnels; readonly isStillAdmitted: () => boolean },
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
    if (this.isOver) {
      upstream.destroy()
      return
    }
    this.isOver = true
    const { head, tunnels, isStillAdmitted } = this.#tunnel
    const { headers } = responseHead(rawHeaders, this.passage.upstream.key, false)
    const caller = this.request.socket
    this.response.detachSocket(caller)
    // A tunnel may be silent for as long as both sides live, which TCP keep-alive finds out.
    caller.setTimeout(0)
    caller.write(switchingHead(headers), 'latin1')
    if (head.length > 0) upstream.write(head)
    tunnels.join({ caller, upstream, isStillAdmitted })
  }
}

function switchingHead(headers: readonly string[]): string {
  let text = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
  for (let index = 0; index < headers.length; index += 2) {
    text += `${headers[index] ?? ''}: ${headers[index + 1] ?? ''}\r\n`
  }
  return `${text}\r\n`
}
