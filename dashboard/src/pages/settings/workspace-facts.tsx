import type { NodesView, NodeView, WorkspaceView } from '@bitting/client'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { formatCount, formatNumber } from '../../format.js'
import { Status } from '../../ui/badge.js'
import { Card } from '../../ui/card.js'
import { CopyButton } from '../../ui/copy-button.js'
import { DescriptionList } from '../../ui/description-list.js'
import { QueryView } from '../../ui/query-view.js'
import { Table, type Column } from '../../ui/table.js'
import { Time } from '../../ui/time.js'
import { nodesQuery } from '../key-actions/index.js'

/** How often the nodes are asked for while they are looked at. */
const REFRESH_MILLISECONDS = 5_000

/** What cannot be changed: the id, and the nodes that serve it. */
export function WorkspaceFacts({ workspace }: { readonly workspace: WorkspaceView }): ReactElement {
  const nodes = useQuery({ ...nodesQuery, refetchInterval: REFRESH_MILLISECONDS })
  return (
    <>
      <Card title="About">
        <DescriptionList
          items={[
            {
              term: 'Id',
              detail: (
                <span className="settings-id">
                  <code>{workspace.id}</code>
                  <CopyButton iconOnly text={workspace.id} label="Copy the id of the workspace" />
                </span>
              ),
            },
            { term: 'Created', detail: <Time value={workspace.created_at} look="local" /> },
            { term: 'Changed', detail: `${formatCount(workspace.version - 1, 'time')} since` },
          ]}
        />
      </Card>
      <Card
        title="Nodes"
        description="The servers that decide about calls. A change is in force everywhere when each has reached it."
        flush
      >
        <QueryView
          query={nodes}
          title="The nodes could not be loaded"
          pending={<NodeTable nodes={undefined} />}
        >
          {(data) => <NodeTable nodes={data} />}
        </QueryView>
      </Card>
    </>
  )
}

function NodeTable({ nodes }: { readonly nodes: NodesView | undefined }): ReactElement {
  const columns: readonly Column<NodeView>[] = [
    { id: 'id', header: 'Node', role: 'title', cell: ({ id }) => <code>{id}</code> },
    {
      id: 'state',
      header: 'State',
      cell: ({ revision }) =>
        revision >= (nodes?.revision ?? 0) ? (
          <Status tone="good">Up to date</Status>
        ) : (
          <Status tone="wait">{formatNumber((nodes?.revision ?? 0) - revision)} changes behind</Status>
        ),
    },
    { id: 'seen', header: 'Last seen', cell: ({ seen_at: at }) => <Time value={at} focusable={false} /> },
    { id: 'started', header: 'Started', cell: ({ started_at: at }) => <Time value={at} focusable={false} /> },
  ]
  return <Table caption="Nodes" columns={columns} rows={nodes?.nodes} rowKey={({ id }) => id} bones={1} />
}
