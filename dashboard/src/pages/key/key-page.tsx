import type { KeyView } from '@bitting/client'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState, type ReactElement } from 'react'
import { isRefusal } from '../../api/problem.js'
import { useCan } from '../../session/session.js'
import { EmptyState } from '../../ui/empty-state.js'
import { ErrorState } from '../../ui/error-state.js'
import { PageHeader } from '../../ui/page-header.js'
import { Skeleton } from '../../ui/skeleton.js'
import { Tabs } from '../../ui/tabs.js'
import { keyQuery, resumeKey, type KeyAction } from '../key-actions/index.js'
import { AccessSection } from './access-section.js'
import { ConditionsSection } from './conditions-section.js'
import { DecisionsSection } from './decisions-section.js'
import { KeyDialogs } from './key-dialogs.js'
import { KeyFacts } from './key-facts.js'
import { KeyHeader } from './key-header.js'
import { KeyStateNotice } from './key-state-notice.js'
import { SecretsSection } from './secrets-section.js'
import type { KeyTab } from './search.js'
import { TrailSection } from './trail-section.js'
import { UsageSection } from './usage-section.js'
import './key.css'

const REFRESH_MILLISECONDS = 15_000

/** One API key: what it is, how it is used, and what was done to it. */
export function KeyPage(): ReactElement {
  const { keyId } = useParams({ from: '/app/keys/$keyId' })
  const key = useQuery({ ...keyQuery(keyId), refetchInterval: REFRESH_MILLISECONDS })
  if (key.data !== undefined) return <Key key={keyId} apiKey={key.data} />
  return (
    <div className="page">
      <PageHeader title="API key" breadcrumb={<Link to="/keys">API Keys</Link>} />
      {key.isPending ? (
        <>
          <Skeleton height="10rem" />
          <Skeleton height="24rem" />
        </>
      ) : isRefusal(key.error, 'not_found') ? (
        <EmptyState
          title="There is no such key"
          action={
            <Link to="/keys" className="button secondary">
              <span>Look at the keys</span>
            </Link>
          }
        >
          It is in another workspace, or its id was not copied whole.
        </EmptyState>
      ) : (
        <ErrorState
          error={key.error}
          title="The key could not be loaded"
          onRetry={() => void key.refetch()}
        />
      )}
    </div>
  )
}

function Key({ apiKey }: { readonly apiKey: KeyView }): ReactElement {
  const [action, setAction] = useState<KeyAction | null>(null)
  const [change, setChange] = useState<string | null>(null)

  function begin(next: KeyAction): void {
    if (next === 'resume') void resumeKey(apiKey)
    else setAction(next)
  }

  function end(changed: KeyView | null): void {
    if (changed !== null && changed.state !== apiKey.state) {
      setChange(`${changed.state} ${changed.id} ${String(changed.version)}`)
    }
    setAction(null)
  }

  return (
    <div className="page">
      <KeyHeader apiKey={apiKey} onAction={begin} />
      <KeyStateNotice apiKey={apiKey} change={change} />
      <KeyFacts apiKey={apiKey} />
      <KeyTabs apiKey={apiKey} />
      <KeyDialogs apiKey={apiKey} action={action} onDone={end} />
    </div>
  )
}

function KeyTabs({ apiKey }: { readonly apiKey: KeyView }): ReactElement {
  const { tab = 'usage' } = useSearch({ from: '/app/keys/$keyId' })
  const navigate = useNavigate({ from: '/keys/$keyId' })
  const can = useCan()
  const logged = can('audit:read')
  return (
    <Tabs<KeyTab>
      label="Parts of the key"
      value={tab}
      onValueChange={(next) =>
        void navigate({ search: { tab: next === 'usage' ? undefined : next }, replace: true })
      }
      tabs={[
        { value: 'usage', label: 'Usage', content: <UsageSection apiKey={apiKey} /> },
        ...(logged
          ? ([
              { value: 'decisions', label: 'Decisions', content: <DecisionsSection apiKey={apiKey} /> },
              { value: 'trail', label: 'Trail', content: <TrailSection apiKey={apiKey} /> },
            ] as const)
          : []),
        { value: 'secrets', label: 'Secrets', content: <SecretsSection apiKey={apiKey} /> },
        { value: 'access', label: 'Access', content: <AccessSection apiKey={apiKey} /> },
        { value: 'conditions', label: 'Conditions and note', content: <ConditionsSection apiKey={apiKey} /> },
      ]}
    />
  )
}
