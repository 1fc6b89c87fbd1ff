import {
  parseAddress,
  parseAddressRange,
  rangeContains,
  rangeIncludes,
  type AddressRange,
} from './address.js'

/** What must hold, besides its access, for a key to be accepted. Times are whole seconds since 1970 UTC. */
export interface Conditions {
  /** Ranges the caller must come from, as CIDR text. Null for anywhere; an empty list is nowhere. */
  readonly allowedAddresses: readonly string[] | null
  /** The key is not active before this time. Null for at once. */
  readonly notBefore: number | null
  /** The key is not accepted at or after this time. Null for never. */
  readonly expiresAt: number | null
}

/** The conditions of a key that has none. */
export const NO_CONDITIONS: Conditions = { allowedAddresses: null, notBefore: null, expiresAt: null }

/** The most ranges one key can have. */
export const ADDRESSES_MAX = 100

/** The ranges of an allow-list, parsed once when the key is loaded. */
export type AddressList = readonly AddressRange[]

/**
 * Parses an allow-list. A range that does not parse is left out, which allows less: a stored list was checked when it
 * was written, so this is the second fence and not the first.
 */
export function parseAddressList(texts: readonly string[]): AddressList {
  return texts.map(parseAddressRange).filter((range) => range !== null)
}

/** Says whether a caller's address is on the list. An address that does not parse is on no list. */
export function addressAllowed(list: AddressList, addressText: string | null): boolean {
  const address = addressText === null ? null : parseAddress(addressText)
  return address !== null && list.some((range) => rangeContains(range, address))
}

/**
 * Says whether, from `outer`'s not-before on, whatever satisfies `inner` also satisfies `outer`: a key made by a key
 * that expires or is bound to addresses must not outlive or outreach it. Not-before needs no comparison where the
 * outer key is active, as one that makes keys is, because time only moves forward.
 */
export function conditionsWithin(outer: Conditions, inner: Conditions): boolean {
  if (outer.expiresAt !== null && (inner.expiresAt === null || inner.expiresAt > outer.expiresAt))
    return false
  if (outer.allowedAddresses === null) return true
  if (inner.allowedAddresses === null) return false
  const outerList = parseAddressList(outer.allowedAddresses)
  return parseAddressList(inner.allowedAddresses).every((range) =>
    outerList.some((candidate) => rangeIncludes(candidate, range)),
  )
}
