import type { AttentionView, KeyView, Page } from '@bitting/client'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState, type ReactElement } from 'react'
import { get } from '../../api/transport.js'
import { Card } from '../../ui/card.js'
import { Notice } from '../../ui/notice.js'
import { PageHeader } from '../../ui/page-header.js'
import { QueryView } from '../../ui/query-view.js'
import { SkeletonText } from '../../ui/skeleton.js'
import { AttentionCard } from './attention-card.js'
import { FirstSteps } from './first-steps.js'
import { HealthCard } from './health-card.js'
import { RequestsCard } from './requests-card.js'
import './overview.css'

const ATTENTION_MILLISECONDS = 60_000
const FIRST_CALL_MILLISECONDS = 2_000

/** The first page: what needs attention, how the keys are used, and whether changes are in force. */
export function OverviewPage(): ReactElement {
  const attention = useQuery({
    queryKey: ['attention'],
    queryFn: ({ signal }) => get<AttentionView>('/v1/attention', {}, signal),
    refetchInterval: ATTENTION_MILLISECONDS,
  })
  const first = useFirstCall()
  return (
    <div className="page">
      <PageHeader title="Overview" />
      {first.arrived && (
        <Notice tone="good" title="The first call arrived">
          <p>Your client goes through the gateway. From here on this page shows how the keys are used.</p>
        </Notice>
      )}
      {first.waiting && <FirstSteps apiKey={first.apiKey} />}
      {!(first.waiting && first.apiKey === null) && (
        <QueryView
          query={attention}
          title="What needs attention could not be loaded"
          pending={
            <Card title="What needs attention">
              <SkeletonText lines={6} />
            </Card>
          }
        >
          {(data) => <AttentionCard attention={data} />}
        </QueryView>
      )}
      <div className="overview-columns">
        <RequestsCard />
        <HealthCard liveKeys={attention.data?.live_keys} />
      </div>
    </div>
  )
}

/** Whether any API key was ever used; while none was, it looks again, until the first call arrives. */
function useFirstCall(): {
  readonly waiting: boolean
  readonly arrived: boolean
  readonly apiKey: KeyView | null
} {
  const { data } = useQuery({
    queryKey: ['keys', 'first-call'],
    queryFn: ({ signal }) =>
      get<Page<KeyView>>('/v1/keys', { kind: 'api', sort: 'last_used', order: 'desc', limit: 1 }, signal),
    refetchInterval: ({ state }) => (isWaiting(state.data) ? FIRST_CALL_MILLISECONDS : false),
  })
  const [waited, setWaited] = useState(false)
  const waiting = isWaiting(data)
  useEffect(() => {
    if (waiting) setWaited(true)
  }, [waiting])
  return { waiting, arrived: waited && !waiting, apiKey: data?.data[0] ?? null }
}

function isWaiting(page: Page<KeyView> | undefined): boolean {
  if (page === undefined) return false
  const [key] = page.data
  return key === undefined || key.last_used_at === null
}
