import type { KeyView } from '@bitting/client'
import { accessIncludes, canChange, isUsable } from '@bitting/core'
import { describeError } from '../../api/problem.js'
import { path, send } from '../../api/transport.js'
import { canOf, useSession } from '../../session/session.js'
import { toast } from '../../ui/toast.js'
import { keyChanged } from './queries.js'
import { reasonOf } from './reason-field.js'

/** What can be done with a key. */
export type KeyAction =
  'edit' | 'duplicate' | 'rotate' | 'suspend' | 'resume' | 'revoke' | 'delete' | 'set-webhook-key'

/**
 * What who is signed in can do with a key, by their role and the key's state. What gives power asks for at least what
 * the key has; what takes it away does not.
 */
export function useKeyActions(): (key: KeyView) => ReadonlySet<KeyAction> {
  const session = useSession()
  const can = canOf(session)
  return (key) => {
    const { state, access, kind } = key
    const holds = accessIncludes(session.access, access)
    const offered: Readonly<Record<KeyAction, boolean>> = {
      edit: isUsable(state) && holds,
      duplicate: holds,
      rotate: isUsable(state) && holds,
      suspend: canChange(state, 'suspend'),
      resume: canChange(state, 'resume') && holds,
      revoke: canChange(state, 'revoke') || canChange(state, 'compromise'),
      delete: canChange(state, 'destroy'),
      'set-webhook-key': can('webhooks:edit') && holds && kind === 'api' && !key.webhook_key && !isEnded(key),
    }
    const names = Object.keys(offered) as KeyAction[]
    return new Set(names.filter((name) => offered[name] && (name === 'set-webhook-key' || can('keys:edit'))))
  }
}

/** Whether somebody ended the key; one that expired goes on signing. */
function isEnded({ revoked, deleted }: KeyView): boolean {
  return revoked !== null || deleted !== null
}

/** Lets a suspended key work again at once, and offers to take that back. */
export async function resumeKey(key: KeyView): Promise<void> {
  try {
    const changed = await send<KeyView>({
      method: 'POST',
      path: path`/v1/keys/${key.id}/resume`,
      creates: true,
    })
    keyChanged(changed)
    toast(`“${changed.name}” works again.`, { undo: () => void suspendAgain(changed, key) })
  } catch (error) {
    toast(describeError(error), { bad: true })
  }
}

async function suspendAgain({ id }: KeyView, { suspended }: KeyView): Promise<void> {
  try {
    const changed = await send<KeyView>({
      method: 'POST',
      path: path`/v1/keys/${id}/suspend`,
      body: reasonOf(suspended?.reason ?? ''),
      creates: true,
    })
    keyChanged(changed)
    toast(`“${changed.name}” is suspended again.`)
  } catch (error) {
    toast(describeError(error), { bad: true })
  }
}
