import type { KeyView } from '@bitting/client'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { ActorName } from '../../people/actor-name.js'
import { KeyHint } from '../../ui/key-hint.js'
import type { Column } from '../../ui/table.js'
import { Time } from '../../ui/time.js'
import { KeyBadges, KeyStatus } from '../key-actions/index.js'
import { AccessSummary, ENVIRONMENT_TITLES } from '../key-editor/index.js'

/** The columns of the list of keys; what can be done with one is the last. */
export function keyColumns(actions: (key: KeyView) => ReactElement): readonly Column<KeyView>[] {
  return [
    { id: 'name', header: 'Name', sort: 'name', role: 'title', cell: (key) => <Name apiKey={key} /> },
    { id: 'state', header: 'State', cell: (key) => <State apiKey={key} /> },
    {
      id: 'access',
      header: 'Access',
      cell: ({ access }) => (
        <span className="keys-clamp">
          <AccessSummary access={access} focusable={false} />
        </span>
      ),
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

function Name({ apiKey }: { readonly apiKey: KeyView }): ReactElement {
  const { id, name, secrets } = apiKey
  return (
    <span className="keys-pair">
      <span className="keys-name">
        <Link to="/keys/$keyId" params={{ keyId: id }} className="keys-clamp" title={name}>
          {name}
        </Link>
        <KeyBadges apiKey={apiKey} />
      </span>
      <KeyHint hint={secrets[0]?.hint ?? ''} />
    </span>
  )
}

/** The state in a word, where it is used, and why where somebody did it or something is soon to be done. */
function State({ apiKey }: { readonly apiKey: KeyView }): ReactElement {
  const mark = apiKey.deleted ?? apiKey.revoked ?? apiKey.suspended
  const look = mark === null ? lookOf(apiKey, Date.now()) : null
  return (
    <span className="keys-pair">
      <KeyStatus apiKey={apiKey} />
      <span className="quiet-text">{ENVIRONMENT_TITLES[apiKey.environment]}</span>
      {mark !== null && (
        <span className="quiet-text keys-clamp" title={mark.reason ?? undefined}>
          {mark.reason ?? (
            <>
              by <ActorName id={mark.by} />, <Time value={mark.at} focusable={false} />
            </>
          )}
        </span>
      )}
      {look !== null && <span className="keys-look">{look}</span>}
    </span>
  )
}

const DAY_MILLISECONDS = 86_400_000

/** What deserves a look at a key that works, in two words; the limits are those of the overview. */
function lookOf(key: KeyView, now: number): string | null {
  if (key.state !== 'active') return null
  const { expires_at: end, last_used_at: used, created_at: made } = key
  if (end !== null && Date.parse(end) - now <= 7 * DAY_MILLISECONDS) return 'Expires soon'
  if (key.secrets.some(({ state }) => state === 'retiring')) return 'Old secret retiring'
  if (used !== null || key.webhook_key) return null
  if (key.requests_denied > 0) return 'Only denied calls'
  return now - Date.parse(made) > 7 * DAY_MILLISECONDS ? 'Never used' : null
}
