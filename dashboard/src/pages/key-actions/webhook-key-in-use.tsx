import type { ReactElement } from 'react'
import { Notice } from '../../ui/notice.js'

/** Why the key that signs the webhooks cannot be ended, and what to do first. */
export function WebhookKeyInUse(): ReactElement {
  return (
    <Notice tone="warn" title="This key signs the webhooks">
      <p>
        Every receiver would refuse what follows. Set another webhook key first, with an overlap of none where
        this one leaked, or turn delivery off under Webhooks.
      </p>
    </Notice>
  )
}
