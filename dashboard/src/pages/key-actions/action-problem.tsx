import type { KeyView } from '@bitting/client'
import { useState, type ReactElement } from 'react'
import { describeError, isRefusal } from '../../api/problem.js'
import { formatRelative } from '../../format.js'
import { Button } from '../../ui/button.js'
import { Notice } from '../../ui/notice.js'
import type { Act } from './use-act.js'

/** Why something was not done. Where somebody else changed the key meanwhile, it offers to look at the new version. */
export function ActionProblem(props: {
  readonly act: Act
  readonly apiKey: Pick<KeyView, 'updated_at' | 'version'>
  readonly onReload: () => Promise<unknown>
}): ReactElement | null {
  const { act, apiKey, onReload } = props
  const [seen, setSeen] = useState<number | null>(null)
  if (isRefusal(act.error, 'version_conflict')) {
    return (
      <Notice tone="warn" title="Somebody else changed this meanwhile" alert>
        <p>Nothing was done. Look at what it is now, then decide again.</p>
        <Button
          small
          onClick={() => {
            void onReload().then(() => {
              setSeen(apiKey.version)
              act.reset()
            })
          }}
        >
          Look at the new version
        </Button>
      </Notice>
    )
  }
  if (act.error !== null) {
    return (
      <Notice tone="bad" alert>
        <p>{describeError(act.error)}</p>
      </Notice>
    )
  }
  if (seen === null) return null
  return (
    <Notice tone="warn" title="This is the new version" alert>
      <p>Changed {formatRelative(apiKey.updated_at)}. What you see here fits it.</p>
    </Notice>
  )
}
