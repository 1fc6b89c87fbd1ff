import type { ReactElement } from 'react'
import { switchWorkspace, useSession } from '../../session/session.js'
import { Badge } from '../../ui/badge.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { useAct } from '../key-actions/use-act.js'
import { withArticle } from '../settings/members-roles.js'
import { ActProblem } from './act-problem.js'

/** The workspaces that the person is in. */
export function WorkspacesCard(): ReactElement {
  const { workspace, workspaces, confined } = useSession()
  const act = useAct()
  return (
    <Card title="Workspaces" description="An invitation adds one.">
      <div className="account-stack">
        <ul className="account-list" aria-label="Workspaces">
          {workspaces.map(({ workspace_id: id, name, role }) => (
            <li key={id}>
              <div className="account-item">
                <p>
                  <b>{name}</b> {id === workspace.id && <Badge tone="good">This one</Badge>}
                </p>
                <p className="hint">You are {withArticle(role)}.</p>
              </div>
              {id !== workspace.id && !confined && (
                <Button small aria-label={`Go to ${name}`} onClick={() => act.run(() => switchWorkspace(id))}>
                  Go there
                </Button>
              )}
            </li>
          ))}
        </ul>
        <ActProblem error={act.error} />
      </div>
    </Card>
  )
}
