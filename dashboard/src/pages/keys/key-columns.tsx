import type { KeyView } from '@bitting/client'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { ActorName } from '../../people/actor-name.js'
import { Badge } from '../../ui/badge.js'
import { KeyHint } from '../../ui/key-hint.js'
import type { Column } from '../../ui/table.js'
import { Time } from '../../ui/time.js'
import { KeyStatus } from '../key-actions/index.js'
import { AccessSummary } from '../key-editor/index.js'

/** The columns of the list of keys; what can be done with one is the last. */
export function keyColumns(actions: (key: KeyView) => ReactElement): readonly Column<KeyView>[] {
  return [
    { id: 'name', header: 'Name', sort: 'name', role: 'title', cell: (key) => <Name apiKey={key} /> },
    { id: 'state', header: 'State', cell: (key) => <State apiKey={key} /> },
    {
      id: 'access',
      header: 'Access',
      cell: ({ access }) => <AccessSummary access={access} focusable={false} />,
    },
    {
      id: 'last_used',
      header: 'Last used',
      sort: 'last_used',
      cell: ({ last_used_at: at }) => <Time value={at} focusable={false} />,
    },
    {
      id: 'created',
      header: 'Created',
      sort: 'created',
      cell: ({ created_at: at, created_by: by }) => (
        <span className="keys-pair">
          <Time value={at} focusable={false} />
          <span className="quiet-text keys-maker">
            by <ActorName id={by} />
          </span>
        </span>
      ),
    },
    {
      id: 'expires',
      header: 'Expires',
      sort: 'expires',
      cell: ({ expires_at: at }) => <Time value={at} focusable={false} />,
    },
    { id: 'actions', header: 'Actions', role: 'actions', align: 'end', cell: actions },
  ]
}

function Name({
  apiKey: { id, name, secrets, kind, webhook_key: signs },
}: {
  apiKey: KeyView
}): ReactElement {
  return (
    <span className="keys-pair">
      <span className="keys-name">
        <Link to="/keys/$keyId" params={{ keyId: id }}>
          {name}
        </Link>
        {signs && <Badge tone="brass">Webhook key</Badge>}
        {kind === 'management' && <Badge>Management</Badge>}
      </span>
      <KeyHint hint={secrets[0]?.hint ?? ''} />
    </span>
  )
}

const ENVIRONMENTS = {
  development: 'Development',
  staging: 'Staging',
  production: 'Production',
} as const

/** The state in a word, where it is used, and why where somebody did it. */
function State({ apiKey }: { apiKey: KeyView }): ReactElement {
  const mark = apiKey.deleted ?? apiKey.revoked ?? apiKey.suspended
  const retiring = apiKey.secrets.some(({ state }) => state === 'retiring')
  return (
    <span className="keys-pair">
      <KeyStatus apiKey={apiKey} />
      <span className="quiet-text">{ENVIRONMENTS[apiKey.environment]}</span>
      {mark !== null && (
        <span className="quiet-text keys-why">
          {mark.reason ?? (
            <>
              by <ActorName id={mark.by} />, <Time value={mark.at} focusable={false} />
            </>
          )}
        </span>
      )}
      {mark === null && retiring && <span className="quiet-text">old secret retiring</span>}
    </span>
  )
}
