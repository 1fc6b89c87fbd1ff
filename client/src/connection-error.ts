const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'the network is unreachable',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up at the moment',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_SOCKET: 'the connection was closed',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate is signed by nobody that this machine trusts',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate is signed by nobody that this machine trusts',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host',
}

/** No answer came: the server could not be reached, hung up, or took too long. What it did is unknown. */
export class ConnectionError extends Error {
  /** The server's origin. */
  readonly origin: string
  /** Why, in a few words. */
  readonly reason: string
  readonly timedOut: boolean

  constructor(origin: string, cause: unknown, timeoutMilliseconds: number) {
    const timedOut = nameOf(cause) === 'TimeoutError'
    const reason = timedOut
      ? `no answer came within ${String(timeoutMilliseconds / 1000)} seconds`
      : reasonOf(cause)
    super(`${origin} cannot be reached: ${reason}`, { cause })
    this.name = 'ConnectionError'
    this.origin = origin
    this.reason = reason
    this.timedOut = timedOut
  }
}

function nameOf(error: unknown): string | undefined {
  return error instanceof Error || error instanceof DOMException ? error.name : undefined
}

/** Fetch wraps what happened to the socket: the code is in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? (REASONS[code] ?? code) : 'the connection failed'
}
