import type { KeyState } from '@bitting/core'
import type { ExpressionBuilder, ExpressionWrapper, SqlBool } from 'kysely'
import type { Schema } from '../../storage/schema.js'

/** The condition of the keys to which `keyState` gives this state; lists and single keys must agree. */
export function inState(
  row: ExpressionBuilder<Schema, 'keys'>,
  state: KeyState,
  now: number,
): ExpressionWrapper<Schema, 'keys', SqlBool> {
  const kept = row('deleted_at', 'is', null)
  const unrevoked = row.and([kept, row('revoked_at', 'is', null)])
  const expired = row.and([row('expires_at', 'is not', null), row('expires_at', '<=', now)])
  const unexpired = row.or([row('expires_at', 'is', null), row('expires_at', '>', now)])
  const waiting = row.and([row('not_before', 'is not', null), row('not_before', '>', now)])
  const started = row.or([row('not_before', 'is', null), row('not_before', '<=', now)])
  switch (state) {
    case 'destroyed':
      return row.and([row('deleted_at', 'is not', null)])
    case 'compromised':
      return row.and([kept, row('revoked_at', 'is not', null), row('compromised', '=', 1)])
    case 'deactivated':
      return row.or([
        row.and([kept, row('revoked_at', 'is not', null), row('compromised', '=', 0)]),
        row.and([unrevoked, expired]),
      ])
    case 'suspended':
      return row.and([unrevoked, unexpired, row('suspended_at', 'is not', null)])
    case 'pre-activation':
      return row.and([unrevoked, unexpired, row('suspended_at', 'is', null), waiting])
    case 'active':
      return row.and([unrevoked, unexpired, row('suspended_at', 'is', null), started])
  }
}
