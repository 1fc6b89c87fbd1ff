import type { KeyView } from '@bitting/client'
import type { ReactElement } from 'react'
import { Card } from '../../ui/card.js'
import { DescriptionList } from '../../ui/description-list.js'
import { Time } from '../../ui/time.js'

/** From where and when a key may be used, and what people wrote about it. */
export function ConditionsSection({ apiKey }: { readonly apiKey: KeyView }): ReactElement {
  const { conditions, expires_at: expires, note } = apiKey
  const { allowed_addresses: addresses, not_before: notBefore } = conditions
  return (
    <>
      <Card title="Conditions">
        <DescriptionList
          items={[
            {
              term: 'Addresses',
              detail:
                addresses === null ? (
                  'Any'
                ) : addresses.length === 0 ? (
                  'None'
                ) : (
                  <ul className="key-addresses">
                    {addresses.map((address) => (
                      <li key={address}>
                        <code>{address}</code>
                      </li>
                    ))}
                  </ul>
                ),
            },
            {
              term: 'Not valid before',
              detail: <Time value={notBefore} look="local" fallback="Valid since it was made" />,
            },
            { term: 'Expires', detail: <Time value={expires} look="local" /> },
          ]}
        />
      </Card>
      <Card title="Note">
        {note === '' ? (
          <p className="quiet-text">Nobody wrote a note. It is a good place for where the secret is kept.</p>
        ) : (
          <p className="key-note">{note}</p>
        )}
      </Card>
    </>
  )
}
