import type { CreateKeyRequest, KeyWithToken } from '@bitting/client'
import { useState } from 'react'
import { send } from '../../api/transport.js'
import { keyChanged } from '../key-actions/queries.js'
import { useAct } from '../key-actions/use-act.js'
import { accessEquals } from './access-diff.js'
import { draftSettings, type KeyDraft } from './key-draft.js'
import type { KeySettings } from './key-settings.js'
import { useLimits, type Limits } from './limits.js'
import { useKeyDraft, type DraftState } from './use-key-draft.js'

/** A key while it is being made up. */
export interface NewKey extends Omit<DraftState, 'replace' | 'check'> {
  readonly settings: KeySettings
  readonly limits: Limits
  readonly pending: boolean
  /** Why it could not be added, null where nothing went wrong. */
  readonly error: unknown
  /** Whether it is asked if the key is meant to have no permission. */
  readonly asking: boolean
  /** Adds the key, or asks first. */
  readonly submit: () => void
  /** What is answered. */
  readonly answer: (add: boolean) => void
}

/** Follows a key from the form to its token, which it hands on and does not keep. */
export function useNewKey(
  formId: string,
  first: KeyDraft,
  onCreated: (created: KeyWithToken) => void,
): NewKey {
  const { draft, change, flaws, check, leave } = useKeyDraft(formId, () => first)
  const limits = useLimits(draft.kind, draft.environment)
  const { pending, error, run, reset } = useAct()
  const [asking, setAsking] = useState(false)
  const settings = draftSettings(draft, Date.now())

  async function add(): Promise<void> {
    const body = createRequest(draft)
    const created = await send<KeyWithToken>({ method: 'POST', path: '/v1/keys', body, creates: true })
    keyChanged(created.key)
    onCreated(created)
  }

  return {
    draft,
    flaws,
    leave,
    settings,
    limits,
    pending,
    error,
    asking,
    change: (part) => {
      change(part)
      reset()
    },
    submit: () => {
      if (pending || !check() || limits.excess(settings.access).length > 0) return
      // Enter in the field of the name may come before anybody saw the permissions.
      if (accessEquals(settings.access, {})) setAsking(true)
      else run(add)
    },
    answer: (wanted) => {
      setAsking(false)
      if (wanted) run(add)
    },
  }
}

function createRequest(draft: KeyDraft): CreateKeyRequest {
  const { name, access, addresses, notBefore, expiresAt, note } = draftSettings(draft, Date.now())
  return {
    name,
    kind: draft.kind,
    environment: draft.environment,
    access,
    conditions: { allowed_addresses: addresses, not_before: notBefore },
    expires_at: expiresAt,
    note,
  }
}
