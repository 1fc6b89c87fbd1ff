import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { Card } from '../../ui/card.js'
import { QueryView } from '../../ui/query-view.js'
import { SkeletonText } from '../../ui/skeleton.js'
import { ReadOnlyNotice } from './settings-access.js'
import './settings.css'
import { WorkspaceCeilings } from './workspace-ceilings.js'
import { WorkspaceFacts } from './workspace-facts.js'
import { WorkspaceName } from './workspace-name.js'
import { workspaceQuery } from './workspace-query.js'
import { WorkspaceUpstream } from './workspace-upstream.js'

/** What the workspace is called, where its calls go, and the most that its keys can have. */
export function WorkspaceSettings(): ReactElement {
  const workspace = useQuery(workspaceQuery)
  return (
    <QueryView query={workspace} title="The workspace could not be loaded" pending={<Bones />}>
      {(data) => (
        <div className="settings-parts">
          <ReadOnlyNotice />
          <WorkspaceName workspace={data} />
          <WorkspaceUpstream workspace={data} />
          <WorkspaceCeilings workspace={data} />
          <WorkspaceFacts workspace={data} />
        </div>
      )}
    </QueryView>
  )
}

function Bones(): ReactElement {
  return (
    <div className="settings-parts">
      {['Name', 'Upstream', 'Ceilings'].map((title) => (
        <Card key={title} title={title}>
          <SkeletonText lines={4} />
        </Card>
      ))}
    </div>
  )
}
