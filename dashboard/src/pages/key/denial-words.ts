/** Why calls are refused, in words. The names are the reasons of `core/src/denial.ts`. */
const WORDS: Readonly<Record<string, string>> = {
  key_suspended: 'The key is suspended',
  key_revoked: 'The key is revoked',
  key_expired: 'The key has expired',
  key_not_yet_active: 'The key is not valid yet',
  secret_retired: 'The secret is retired',
  credential_wrong: 'The secret is wrong',
  address_not_allowed: 'The address is not allowed',
  insufficient_scope: 'The permission is missing',
  operation_unmapped: 'The catalog does not map it',
}

/** Why a call was refused, in words; the reason's own name where there are none. */
export function denialWords(reason: string): string {
  return WORDS[reason] ?? reason
}
