/**
 * The states of a key, after NIST SP 800-57 Part 1 Section 7. `deactivated` is revoked or expired, `compromised` is
 * revoked because the secret leaked, `destroyed` is deleted: the digest is gone, the record stays.
 */
export type KeyState = 'pre-activation' | 'active' | 'suspended' | 'deactivated' | 'compromised' | 'destroyed'

/** Every state, in the order of a key's life. */
export const KEY_STATES: readonly KeyState[] = [
  'pre-activation',
  'active',
  'suspended',
  'deactivated',
  'compromised',
  'destroyed',
]

/** What people can do to a key's state. Time does the rest: activation at not-before, deactivation at expiry. */
export type StateChange = 'suspend' | 'resume' | 'revoke' | 'compromise' | 'destroy'

/** The marks on a key that decide its state. Times are whole seconds since 1970 UTC, null where it did not happen. */
export interface StateMarks {
  readonly notBefore: number | null
  readonly expiresAt: number | null
  readonly suspendedAt: number | null
  readonly revokedAt: number | null
  readonly compromised: boolean
  readonly deletedAt: number | null
}

/** The state of a key at a time. A mark that a person set outranks what time did. */
export function keyState(marks: StateMarks, nowSeconds: number): KeyState {
  if (marks.deletedAt !== null) return 'destroyed'
  if (marks.revokedAt !== null) return marks.compromised ? 'compromised' : 'deactivated'
  if (marks.expiresAt !== null && nowSeconds >= marks.expiresAt) return 'deactivated'
  if (marks.suspendedAt !== null) return 'suspended'
  if (marks.notBefore !== null && nowSeconds < marks.notBefore) return 'pre-activation'
  return 'active'
}

/** From which states each change is possible (SP 800-57 Part 1, Figure 3, with suspension also before activation). */
const CHANGES: Record<StateChange, readonly KeyState[]> = {
  suspend: ['pre-activation', 'active'],
  resume: ['suspended'],
  revoke: ['pre-activation', 'active', 'suspended'],
  compromise: ['pre-activation', 'active', 'suspended', 'deactivated'],
  destroy: ['pre-activation', 'active', 'suspended', 'deactivated', 'compromised'],
}

/** Says whether a key in this state can undergo this change. */
export function canChange(state: KeyState, change: StateChange): boolean {
  return CHANGES[change].includes(state)
}

/** Says whether a key in this state can still come to be used, so that editing or rotating it makes sense. */
export function isUsable(state: KeyState): boolean {
  return state === 'pre-activation' || state === 'active' || state === 'suspended'
}
