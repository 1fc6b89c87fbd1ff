import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser'
import { send } from '../api/transport.js'

/** Somebody closed the browser's window for passkeys, or it found none: nothing went wrong. */
export class PasskeyCancelled extends Error {
  constructor() {
    super('No passkey was used. Try again, or use another way.')
    this.name = 'PasskeyCancelled'
  }
}

const IP_ADDRESS = /^(?:\d+(?:\.\d+){3}|\[.*\])$/

/** Whether this browser can use passkeys here: only under a host name, and with TLS or from this machine. */
export function passkeysWork(): boolean {
  const isPossible = typeof PublicKeyCredential === 'function' && isSecureContext
  return isPossible && !IP_ADDRESS.test(location.hostname)
}

/**
 * Proves with a passkey who somebody is.
 *
 * @param at the operation that takes the proof; `${at}/options` gives the challenge
 * @throws {PasskeyCancelled} when there was none to prove it with
 */
export async function provePasskey<T>(at: string): Promise<T> {
  const { startAuthentication } = await import('@simplewebauthn/browser')
  const { options } = await send<{ options: PublicKeyCredentialRequestOptionsJSON }>({
    method: 'POST',
    path: `${at}/options`,
    unattended: true,
  })
  const response = await startAuthentication({ optionsJSON: options }).catch(cancelled)
  return send<T>({ method: 'POST', path: at, body: { response }, unattended: true })
}

/** Makes a passkey on this device or one nearby. What it returns goes to `POST /v1/account/passkeys`. */
export async function makePasskey(options: PublicKeyCredentialCreationOptionsJSON): Promise<object> {
  const { startRegistration } = await import('@simplewebauthn/browser')
  return startRegistration({ optionsJSON: options }).catch(cancelled)
}

function cancelled(error: unknown): never {
  if (error instanceof Error && /^(?:NotAllowed|Abort)Error$/.test(error.name)) throw new PasskeyCancelled()
  throw error
}
