import type { SignInPolicyView } from '@bitting/client'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { fieldErrors, isRefusal } from '../../api/problem.js'
import { send } from '../../api/transport.js'
import { toast } from '../../ui/toast.js'
import { isDeclined } from '../account/act-problem.js'
import { refreshSession } from '../account/refresh-session.js'
import { draftOf, requestOf, type SignInDraft } from './sign-in-draft.js'
import { signInPolicyQuery } from './sign-in-query.js'
import type { SettingsForm } from './use-settings-form.js'

/**
 * Edits the policy as a whole, because it is set as a whole: whatever somebody else saved meanwhile is a conflict. A policy
 * that nobody edits here follows what others save.
 */
export function useSignInForm(policy: SignInPolicyView): SettingsForm<SignInDraft> {
  const client = useQueryClient()
  const live = draftOf(policy)
  const [{ base, draft, version }, setState] = useState({
    base: live,
    draft: live,
    version: policy.version,
  })
  const [pending, setPending] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const dirty = !same(base, draft)
  const isBehind = version !== policy.version
  const begin = (from: SignInPolicyView): void =>
    setState({ base: draftOf(from), draft: draftOf(from), version: from.version })
  if (isBehind && (!dirty || same(base, live))) setState({ base: live, draft, version: policy.version })
  if (isBehind && !dirty) begin(policy)

  async function save(): Promise<boolean> {
    if (pending) return false
    setPending(true)
    setError(null)
    try {
      const body = requestOf(draft)
      const path = '/v1/sign-in-policy'
      const saved = await send<SignInPolicyView>({ method: 'PUT', path, body, version })
      client.setQueryData(signInPolicyQuery.queryKey, saved)
      begin(saved)
      toast('The policy was saved. It holds at once.')
      await refreshSession()
      return true
    } catch (failure) {
      if (isRefusal(failure, 'version_conflict')) await client.refetchQueries(signInPolicyQuery)
      setError(failure)
      return false
    } finally {
      setPending(false)
    }
  }

  const conflict = dirty && isBehind ? { before: base, now: live } : null
  const hidden = conflict !== null || isRefusal(error, 'version_conflict') || isDeclined(error)
  return {
    draft,
    edit: (change) => setState((state) => ({ ...state, draft: { ...state.draft, ...change } })),
    dirty,
    pending,
    error: hidden ? null : error,
    fields: fieldErrors(error),
    conflict,
    keepMine: () => {
      setError(null)
      setState({ base: live, draft, version: policy.version })
    },
    takeTheirs: () => {
      setError(null)
      begin(policy)
    },
    save,
  }
}

function same(left: SignInDraft, right: SignInDraft): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}
