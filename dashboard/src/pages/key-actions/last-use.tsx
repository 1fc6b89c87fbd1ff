import type { KeyView } from '@bitting/client'
import type { ReactElement } from 'react'
import { formatCount } from '../../format.js'
import { Time } from '../../ui/time.js'

const DAY_MILLISECONDS = 86_400_000

/** Whether somebody called with the key within the last 24 hours: somebody may still depend on it. */
export function usedWithinADay({ last_used_at: at }: Pick<KeyView, 'last_used_at'>): boolean {
  return at !== null && Date.now() - new Date(at).getTime() < DAY_MILLISECONDS
}

/** Whether somebody called with the key and was never let through. */
export function onlyDenied(key: Pick<KeyView, 'last_used_at' | 'requests_denied'>): boolean {
  return key.last_used_at === null && key.requests_denied > 0
}

/** When and from where the last call came, as a sentence; a caller that was only ever denied is one too. */
export function LastUse({ apiKey }: { readonly apiKey: KeyView }): ReactElement {
  const { last_used_at: at, last_used_address: address, requests_denied: denied } = apiKey
  if (at === null) {
    if (denied === 0) return <>No call was ever made with it.</>
    return <>No call was let through with it, and {formatCount(denied, 'was', 'were')} denied.</>
  }
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
