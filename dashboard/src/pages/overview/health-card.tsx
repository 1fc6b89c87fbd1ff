import type { NodesView } from '@bitting/client'
import { peekCheckpoint } from '@bitting/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { isRefusal } from '../../api/problem.js'
import { sendText } from '../../api/transport.js'
import { formatCount, formatNumber } from '../../format.js'
import { useCan } from '../../session/session.js'
import { Status } from '../../ui/badge.js'
import { Card } from '../../ui/card.js'
import { DescriptionList } from '../../ui/description-list.js'
import { QueryView } from '../../ui/query-view.js'
import { Time } from '../../ui/time.js'
import { nodesQuery } from '../key-actions/index.js'

const REFRESH_MILLISECONDS = 5_000

/** Whether what is changed is in force everywhere: the nodes, and how far each is; and how far the log is signed. */
export function HealthCard({ liveKeys }: { readonly liveKeys: number | undefined }): ReactElement {
  const nodes = useQuery({ ...nodesQuery, refetchInterval: REFRESH_MILLISECONDS })
  const can = useCan()
  return (
    <Card
      title="In force"
      description="A change to a key holds when every node that verifies keys has heard of it."
    >
      <QueryView query={nodes} title="The nodes could not be loaded">
        {(data) => (
          <DescriptionList
            items={[
              { term: 'Nodes up to date', detail: <UpToDate nodes={data} /> },
              ...(liveKeys === undefined ? [] : [{ term: 'Live keys', detail: formatNumber(liveKeys) }]),
              ...(can('audit:read') ? [{ term: 'Audit log', detail: <NewestCheckpoint /> }] : []),
            ]}
          />
        )}
      </QueryView>
    </Card>
  )
}

function UpToDate({ nodes: { revision: newest, nodes } }: { readonly nodes: NodesView }): ReactElement {
  const late = nodes.filter(({ revision }) => revision < newest)
  return (
    <>
      <Status tone={nodes.length === 0 ? 'bad' : late.length === 0 ? 'good' : 'wait'}>
        {`${String(nodes.length - late.length)} of ${String(nodes.length)}`}
      </Status>
      {late.map(({ id, revision, seen_at: seen }) => (
        <p key={id} className="hint">
          <code>{id}</code> is {formatCount(newest - revision, 'change')} behind, heard from{' '}
          <Time value={seen} />
        </p>
      ))}
    </>
  )
}

/** How much of the log the newest signed checkpoint covers. A checkpoint says no time. */
function NewestCheckpoint(): ReactElement {
  const { data, isPending } = useQuery({
    queryKey: ['checkpoint'],
    queryFn: async ({ signal }) => {
      try {
        return peekCheckpoint(await sendText({ path: '/v1/audit/checkpoint', signal }))
      } catch (error) {
        if (isRefusal(error, 'not_found')) return null
        throw error
      }
    },
    refetchInterval: REFRESH_MILLISECONDS,
  })
  if (isPending) return <>…</>
  if (data === undefined || data === null) return <>No checkpoint yet</>
  return (
    <>
      <Link to="/audit">{formatCount(data.size, 'entry', 'entries')}</Link> under the newest signed checkpoint
    </>
  )
}
