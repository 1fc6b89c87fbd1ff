/** As much of Node's cryptography as is used here, so that the rest of the client compiles without Node's types. */
declare module 'node:crypto' {
  interface Hmac {
    update(data: string | Uint8Array): Hmac
    digest(): Uint8Array
  }
  interface PublicKey {
    readonly asymmetricKeyType?: string
  }
  export function createHmac(algorithm: 'sha256', key: Uint8Array): Hmac
  export function createPublicKey(key: { readonly key: object; readonly format: 'jwk' }): PublicKey
  export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean
  export function verify(algorithm: null, data: Uint8Array, key: PublicKey, signature: Uint8Array): boolean
}
