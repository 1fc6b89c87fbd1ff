/**
 * Why a request was refused, precisely; this is what the audit log keeps. The first four say nothing about any key
 * and get one identical answer; the rest are told to whoever holds the token.
 */
export type DenialReason =
  | 'credential_missing'
  | 'credential_malformed'
  | 'credential_unknown'
  | 'credential_wrong'
  | 'key_suspended'
  | 'key_revoked'
  | 'key_expired'
  | 'key_not_yet_active'
  | 'secret_retired'
  | 'address_not_allowed'
  | 'insufficient_scope'
  | 'operation_unmapped'

/** The reasons that must look the same from outside (design invariant 4). */
export const GUESSER_REASONS: ReadonlySet<DenialReason> = new Set([
  'credential_missing',
  'credential_malformed',
  'credential_unknown',
  'credential_wrong',
])

/** 401 where the credential is not good, 403 where it is good and does not suffice (RFC 6750 Section 3.1). */
export function statusOf(reason: DenialReason): 401 | 403 {
  switch (reason) {
    case 'address_not_allowed':
    case 'insufficient_scope':
    case 'operation_unmapped':
      return 403
    default:
      return 401
  }
}
