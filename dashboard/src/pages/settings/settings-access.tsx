import type { ReactElement } from 'react'
import { useCan, useSession } from '../../session/session.js'
import { Notice } from '../../ui/notice.js'

/** Whether who is signed in can change the settings of the workspace. */
export function useMayChange(): boolean {
  const can = useCan()
  return can('workspace:edit')
}

/** Says why the settings can only be read; nothing to those who can change them. */
export function ReadOnlyNotice(): ReactElement | null {
  const mayChange = useMayChange()
  const { role } = useSession()
  if (mayChange) return null
  return (
    <Notice>
      <p>
        Only owners and admins can change these settings. You are {/^[aeiou]/.test(role) ? 'an' : 'a'} {role}.
      </p>
    </Notice>
  )
}
