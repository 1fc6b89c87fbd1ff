const REASONS: Readonly<Record<string, string>> = {
  key_suspended: 'the key is suspended',
  key_revoked: 'the key is revoked',
  key_expired: 'the key has expired',
  key_not_yet_active: 'the key does not work yet',
  secret_retired: 'the secret was replaced by a rotation',
  address_not_allowed: 'the address is not on the key’s list',
  insufficient_scope: 'the permissions do not allow it',
  operation_unmapped: 'the catalog does not map it, so it is for keys with full access alone',
  credential_wrong: 'the secret is wrong',
  password_wrong: 'wrong password',
  code_wrong: 'wrong code',
  passkey_wrong: 'the passkey does not fit',
  passkey_cloned: 'the passkey seems to be a copy',
  step_up_required: 'a recent sign-in was needed',
  second_factor_required: 'a second factor was needed',
  grant_exceeds_own: 'it would have given more than they have',
  spool_full: 'the disk or the database could not keep up',
  reported: 'the application reported a failure',
  unreadable: 'the entry cannot be read any more',
}

/** Why something failed, as the end of a sentence. */
export function reasonText(reason: string): string {
  return REASONS[reason] ?? reason.replaceAll('_', ' ')
}
