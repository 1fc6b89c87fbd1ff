import type { KeyView } from '@bitting/client'
import type { ReactElement } from 'react'
import { Time } from '../../ui/time.js'

const DAY_MILLISECONDS = 86_400_000

/** Whether somebody called with the key within the last 24 hours: somebody may still depend on it. */
export function usedWithinADay({ last_used_at: at }: Pick<KeyView, 'last_used_at'>): boolean {
  return at !== null && Date.now() - new Date(at).getTime() < DAY_MILLISECONDS
}

/** When and from where the last call came, as a sentence. */
export function LastUse({ apiKey }: { readonly apiKey: KeyView }): ReactElement {
  const { last_used_at: at, last_used_address: address } = apiKey
  if (at === null) return <>No call was ever made with it.</>
  return (
    <>
      Last call <Time value={at} />
      {address !== null && (
        <>
          {' '}
          from <code>{address}</code>
        </>
      )}
      .
    </>
  )
}
