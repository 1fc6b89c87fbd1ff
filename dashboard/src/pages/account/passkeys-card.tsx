import type { PasskeyView } from '@bitting/client'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactElement } from 'react'
import { Badge } from '../../ui/badge.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { IconButton } from '../../ui/icon-button.js'
import { QueryView } from '../../ui/query-view.js'
import { Skeleton } from '../../ui/skeleton.js'
import { Time } from '../../ui/time.js'
import { usePasskeysHere, WhyNoPasskeys } from './passkeys-here.js'
import { passkeysQuery } from './queries.js'
import { RemovePasskeyDialog } from './remove-passkey-dialog.js'

/** The passkeys of the account. */
export function PasskeysCard({ onAdd }: { readonly onAdd: () => void }): ReactElement {
  const passkeys = useQuery(passkeysQuery)
  const here = usePasskeysHere()
  const [removing, setRemoving] = useState<PasskeyView | null>(null)
  return (
    <Card
      title="Passkeys"
      description="Sign in with your device’s own lock, without password and code. Nobody can phish them."
      actions={
        here !== false && (
          <Button icon="plus" disabled={here === undefined} onClick={onAdd}>
            Add a passkey
          </Button>
        )
      }
    >
      <div className="account-stack">
        <QueryView
          query={passkeys}
          title="Your passkeys could not be loaded"
          pending={<Skeleton height="3.25rem" />}
        >
          {(all) =>
            all.length === 0 ? (
              <p className="quiet-text">You have none.</p>
            ) : (
              <ul className="account-list" aria-label="Passkeys">
                {all.map((passkey) => (
                  <Passkey key={passkey.id} passkey={passkey} onRemove={() => setRemoving(passkey)} />
                ))}
              </ul>
            )
          }
        </QueryView>
        {here === false && <WhyNoPasskeys />}
      </div>
      {removing !== null && <RemovePasskeyDialog passkey={removing} onClose={() => setRemoving(null)} />}
    </Card>
  )
}

function Passkey(props: { readonly passkey: PasskeyView; readonly onRemove: () => void }): ReactElement {
  const { name, created_at: created, last_used_at: used, backed_up: backedUp } = props.passkey
  return (
    <li>
      <div className="account-item">
        <p>
          <b>{name}</b> {backedUp && <Badge>Kept in several places</Badge>}
        </p>
        <p className="hint">
          Added <Time value={created} />,{' '}
          {used === null ? (
            'never used'
          ) : (
            <>
              used <Time value={used} />
            </>
          )}
        </p>
      </div>
      <IconButton icon="trash" label={`Remove the passkey ${name}`} onClick={props.onRemove} />
    </li>
  )
}
