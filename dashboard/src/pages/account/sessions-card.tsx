import type { OwnSessionView, SessionView } from '@bitting/client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactElement } from 'react'
import { isRefusal } from '../../api/problem.js'
import { path, send } from '../../api/transport.js'
import { formatCount } from '../../format.js'
import { useSession } from '../../session/session.js'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { Badge } from '../../ui/badge.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { QueryView } from '../../ui/query-view.js'
import { Skeleton } from '../../ui/skeleton.js'
import { Time } from '../../ui/time.js'
import { toast } from '../../ui/toast.js'
import { useAct, type Act } from '../key-actions/use-act.js'
import { ActProblem } from './act-problem.js'
import { deviceWords } from './device-words.js'
import { ownSessionsQuery } from './queries.js'

const METHODS: Readonly<Record<OwnSessionView['method'], string>> = {
  password: 'with a password',
  passkey: 'with a passkey',
  sso: 'through single sign-on',
  setup: 'with the set-up link',
  invitation: 'with an invitation',
}

/** Where the person is signed in. */
export function SessionsCard(): ReactElement {
  const sessions = useQuery(ownSessionsQuery)
  const act = useAct()
  const end = useEndSessions(act)
  const others = sessions.data?.filter(({ current }) => !current) ?? []
  return (
    <Card
      title="Sessions"
      description="Where you are signed in. End those that you do not know, and change your password."
      actions={others.length > 1 && <EndOthers sessions={others} pending={act.pending} onEnd={end} />}
    >
      <div className="account-stack">
        <QueryView
          query={sessions}
          title="Your sessions could not be loaded"
          pending={<Skeleton height="3.25rem" />}
        >
          {(all) => (
            <ul className="account-list" aria-label="Sessions">
              {all.map((session) => (
                <Session key={session.id} session={session} onEnd={() => end([session])} />
              ))}
            </ul>
          )}
        </QueryView>
        <ActProblem error={act.error} />
      </div>
    </Card>
  )
}

function useEndSessions(act: Act): (sessions: readonly OwnSessionView[]) => void {
  const client = useQueryClient()
  return (sessions) =>
    act.run(async () => {
      try {
        for (const { id } of sessions) await endSession(id)
        toast(sessions.length === 1 ? 'The session was ended.' : 'Your other sessions were ended.')
      } finally {
        await client.invalidateQueries(ownSessionsQuery)
      }
    })
}

/** One that has ended meanwhile is as it should be. */
async function endSession(id: string): Promise<void> {
  try {
    await send({ method: 'DELETE', path: path`/v1/account/sessions/${id}` })
  } catch (error) {
    if (!isRefusal(error, 'not_found')) throw error
  }
}

function Session(props: { readonly session: OwnSessionView; readonly onEnd: () => void }): ReactElement {
  const { session, onEnd } = props
  const device = deviceWords(session.user_agent)
  const workspace = nameOf(session.workspace_id, useSession())
  return (
    <li>
      <div className="account-item">
        <p>
          <b title={session.user_agent ?? undefined}>{device}</b>{' '}
          {session.current && <Badge tone="good">This one</Badge>}
        </p>
        <p className="hint">
          {session.address ?? 'Unknown address'} · {workspace} · signed in {METHODS[session.method]}{' '}
          <Time value={session.created_at} />
          {!session.current && (
            <>
              {' '}
              · last used <Time value={session.last_seen_at} />
            </>
          )}
        </p>
      </div>
      {!session.current && (
        <Button small onClick={onEnd} aria-label={`End the session: ${device}, ${session.address ?? ''}`}>
          End
        </Button>
      )}
    </li>
  )
}

function EndOthers(props: {
  readonly sessions: readonly OwnSessionView[]
  readonly pending: boolean
  readonly onEnd: (sessions: readonly OwnSessionView[]) => void
}): ReactElement {
  const { sessions, pending, onEnd } = props
  const [asking, setAsking] = useState(false)
  return (
    <>
      <Button variant="danger-quiet" pending={pending} onClick={() => setAsking(true)}>
        End all others
      </Button>
      <AlertDialog
        open={asking}
        title="End all other sessions?"
        description={`You stay signed in here, and are signed out of ${formatCount(sessions.length, 'other place')}.`}
        confirm="End them"
        onClose={() => setAsking(false)}
        onConfirm={() => {
          setAsking(false)
          onEnd(sessions)
        }}
      />
    </>
  )
}

function nameOf(workspaceId: string, { workspaces }: SessionView): string {
  return workspaces.find(({ workspace_id: id }) => id === workspaceId)?.name ?? workspaceId
}
