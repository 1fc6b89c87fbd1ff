import { decodeBase64, type WebhookScheme } from '@bitting/core'

/** A key that a receiver verifies with, and the schemes that it is for. */
export type WebhookKey =
  | { readonly kind: 'hmac'; readonly bytes: Uint8Array; readonly schemes: readonly WebhookScheme[] }
  | { readonly kind: 'ed25519'; readonly bytes: Uint8Array; readonly schemes: readonly WebhookScheme[] }

const PUBLIC_KEY_LENGTH = 32

/**
 * Reads the keys of a receiver: `whsec_` and base64 is an endpoint's own secret, `whpk_` and base64 an Ed25519 public
 * key, and anything else an API token, whose UTF-8 bytes are the key. Several at once carry a receiver over a rotation.
 *
 * @throws {TypeError} when there is none, or one is not of its form; the message never repeats a key
 */
export function parseKeys(keys: string | readonly string[]): readonly WebhookKey[] {
  const list: readonly unknown[] = Array.isArray(keys) ? keys : [keys]
  if (list.length === 0)
    throw new TypeError('no webhook key was given: pass the token or the secret to verify with')
  return list.map(parseKey)
}

function parseKey(key: unknown): WebhookKey {
  if (typeof key !== 'string') {
    throw new TypeError('a webhook key is missing or no text: is the environment variable that holds it set?')
  }
  if (key.trim() === '')
    throw new TypeError('a webhook key is empty: is the environment variable that holds it set?')
  if (key.trim() !== key) {
    throw new TypeError('a webhook key begins or ends with white space: trim what it was read from')
  }
  if (key.startsWith('whsk_')) {
    throw new TypeError(
      'whsk_ is a private key, with which only the sender signs: pass the whpk_ key that belongs to it',
    )
  }
  if (key.startsWith('whpk_')) {
    const bytes = decodeBase64(key.slice('whpk_'.length))
    if (bytes?.length !== PUBLIC_KEY_LENGTH)
      throw new TypeError('after whpk_ a webhook key has 32 bytes in base64')
    return { kind: 'ed25519', bytes, schemes: ['ed25519'] }
  }
  if (key.startsWith('whsec_')) {
    const bytes = decodeBase64(key.slice('whsec_'.length))
    if (bytes === null || bytes.length === 0) {
      throw new TypeError('after whsec_ a webhook key has bytes in base64, with its padding')
    }
    return { kind: 'hmac', bytes, schemes: ['standard'] }
  }
  return { kind: 'hmac', bytes: new TextEncoder().encode(key), schemes: ['standard', 'retell', 'body'] }
}
