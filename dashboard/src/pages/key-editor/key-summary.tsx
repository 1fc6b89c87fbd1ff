import type { Catalog } from '@bitting/core'
import type { ReactElement } from 'react'
import { formatTime } from '../../format.js'
import { DescriptionList } from '../../ui/description-list.js'
import { accessSentence } from './access-summary.js'
import { capabilityCount } from './capability-list.js'
import { ENVIRONMENT_TITLES } from './identity-fields.js'
import type { KeyDraft } from './key-draft.js'
import type { KeySettings } from './key-settings.js'

/** What is about to be made, in one look, beside the form. */
export function KeySummary({
  draft,
  settings,
  catalog,
}: {
  readonly draft: KeyDraft
  readonly settings: KeySettings
  readonly catalog: Catalog
}): ReactElement {
  const { access, addresses, notBefore, expiresAt } = settings
  return (
    <aside className="key-review" aria-label="Review">
      <h3>Review</h3>
      <p className="key-review-name">{settings.name === '' ? 'No name yet' : settings.name}</p>
      <DescriptionList
        items={[
          { term: 'Kind', detail: draft.kind === 'api' ? 'API key' : 'Management key' },
          { term: 'Environment', detail: ENVIRONMENT_TITLES[draft.environment] },
          { term: 'Access', detail: accessSentence(catalog, access) },
          { term: 'Operations', detail: capabilityCount(catalog, access) },
          { term: 'Works from', detail: notBefore === null ? 'At once' : formatTime(notBefore) },
          { term: 'Expires', detail: expiresAt === null ? 'Never' : formatTime(expiresAt) },
          { term: 'Addresses', detail: addresses === null ? 'Anywhere' : addresses.join(', ') },
        ]}
      />
    </aside>
  )
}
