import type { KeyView } from '@bitting/client'
import type { ReactElement } from 'react'
import { Badge } from '../../ui/badge.js'

/** What is special about a key: that it manages keys, or signs the webhooks. */
export function KeyBadges({
  apiKey: { kind, webhook_key: signs },
}: {
  readonly apiKey: KeyView
}): ReactElement {
  return (
    <>
      {kind === 'management' && <Badge tone="wait">Management key</Badge>}
      {signs && <Badge tone="good">Webhook key</Badge>}
    </>
  )
}
