import type { KeyView } from '@bitting/client'
import type { ReactElement } from 'react'
import { formatNumber } from '../../format.js'
import { Card } from '../../ui/card.js'
import { DescriptionList } from '../../ui/description-list.js'
import { Time } from '../../ui/time.js'
import { AccessSummary } from '../key-editor/index.js'
import { ActorName } from '../../people/actor-name.js'

/** What one wants to know of a key first. */
export function KeyFacts({ apiKey }: { readonly apiKey: KeyView }): ReactElement {
  const { access, created_at: created, created_by: by, expires_at: expires } = apiKey
  const { last_used_at: used, last_used_address: address } = apiKey
  return (
    <Card>
      <div className="key-facts">
        <DescriptionList
          items={[
            { term: 'Access', detail: <AccessSummary access={access} /> },
            {
              term: 'Created',
              detail: (
                <>
                  <Time value={created} /> by <ActorName id={by} />
                </>
              ),
            },
            { term: 'Expires', detail: <Time value={expires} /> },
          ]}
        />
        <DescriptionList
          items={[
            {
              term: 'Last used',
              detail: (
                <>
                  <Time value={used} />
                  {address !== null && (
                    <>
                      {' '}
                      from <code>{address}</code>
                    </>
                  )}
                </>
              ),
            },
            { term: 'Calls allowed', detail: formatNumber(apiKey.requests_allowed) },
            { term: 'Calls denied', detail: formatNumber(apiKey.requests_denied) },
          ]}
        />
      </div>
    </Card>
  )
}
