import { canChange, isUsable, KEY_STATES, keyState, type StateChange, type StateMarks } from '@bitting/core'
import { describe, expect, it } from 'vitest'

const NO_MARKS: StateMarks = {
  notBefore: null,
  expiresAt: null,
  suspendedAt: null,
  revokedAt: null,
  compromised: false,
  deletedAt: null,
}
const NOW = 1000

describe('keyState', () => {
  it.each<[string, Partial<StateMarks>, string]>([
    ['no mark', {}, 'active'],
    ['a beginning in the future', { notBefore: NOW + 1 }, 'pre-activation'],
    ['a beginning now', { notBefore: NOW }, 'active'],
    ['an end in the future', { expiresAt: NOW + 1 }, 'active'],
    ['an end now', { expiresAt: NOW }, 'deactivated'],
    ['an end at the beginning of time', { expiresAt: 0 }, 'deactivated'],
    ['an end before the beginning', { notBefore: NOW + 2, expiresAt: NOW }, 'deactivated'],
    ['a suspension', { suspendedAt: NOW }, 'suspended'],
    ['a suspension at time zero', { suspendedAt: 0 }, 'suspended'],
    ['a suspension before activation', { suspendedAt: 1, notBefore: NOW + 1 }, 'suspended'],
    ['a suspension that an expiry has overtaken', { suspendedAt: 1, expiresAt: NOW }, 'deactivated'],
    ['a revocation', { revokedAt: NOW }, 'deactivated'],
    ['a revocation at time zero', { revokedAt: 0 }, 'deactivated'],
    ['a revocation of a suspended key', { revokedAt: NOW, suspendedAt: 1 }, 'deactivated'],
    ['a leak', { revokedAt: NOW, compromised: true }, 'compromised'],
    ['a leak of an expired key', { revokedAt: NOW, compromised: true, expiresAt: 1 }, 'compromised'],
    ['a deletion', { deletedAt: NOW }, 'destroyed'],
    ['a deletion of a leaked key', { deletedAt: NOW, revokedAt: 1, compromised: true }, 'destroyed'],
  ])('with %s: %j is %s', (_, marks, expected) => {
    expect(keyState({ ...NO_MARKS, ...marks }, NOW)).toBe(expected)
  })
})

describe('canChange', () => {
  it.each<[StateChange, string[]]>([
    ['suspend', ['pre-activation', 'active']],
    ['resume', ['suspended']],
    ['revoke', ['pre-activation', 'active', 'suspended']],
    ['compromise', ['pre-activation', 'active', 'suspended', 'deactivated']],
    ['destroy', ['pre-activation', 'active', 'suspended', 'deactivated', 'compromised']],
  ])('%s only from %j', (change, expected) => {
    expect(KEY_STATES.filter((state) => canChange(state, change))).toEqual(expected)
  })
})

describe('isUsable', () => {
  it('is true of the states from which active can still come', () => {
    expect(KEY_STATES.filter(isUsable)).toEqual(['pre-activation', 'active', 'suspended'])
  })
})
