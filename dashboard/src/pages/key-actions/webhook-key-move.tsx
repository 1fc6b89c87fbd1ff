import type { KeyView, WebhookKeyView } from '@bitting/client'
import type { ReactElement } from 'react'
import { formatTime } from '../../format.js'
import { DiffList } from '../../ui/diff-list.js'
import { endOf, type Overlap } from './overlap.js'

/** What a new webhook key changes, for whom and when. */
export function WebhookKeyMove(props: {
  readonly apiKey: KeyView
  readonly before: WebhookKeyView
  readonly overlap: Overlap
}): ReactElement {
  const { apiKey, before, overlap } = props
  return (
    <div className="key-act-consequence" role="status">
      <DiffList changes={[{ field: 'Webhook key', before: before.name ?? undefined, after: apiKey.name }]} />
      {before.key_id === null ? (
        <p>
          Delivery is off now. It begins at once, with what waits, signed with the secret of this key. Give
          the secret to every receiver first.
        </p>
      ) : overlap === '0' ? (
        <p>Receivers that do not have the secret of this key refuse every delivery from now on.</p>
      ) : (
        <p>
          Deliveries carry both signatures until {formatTime(endOf(overlap))}. Give the secret of this key to
          every receiver by then.
        </p>
      )}
      {before.previous_key_id !== null && <p>The overlap of the move before this one ends at once.</p>}
    </div>
  )
}
