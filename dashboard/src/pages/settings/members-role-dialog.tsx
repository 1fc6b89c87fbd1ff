import type { MemberView } from '@bitting/client'
import type { Role } from '@bitting/core'
import { useState, type ReactElement } from 'react'
import { isRefusal } from '../../api/problem.js'
import { path, send } from '../../api/transport.js'
import { useSession } from '../../session/session.js'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { Button } from '../../ui/button.js'
import { Notice } from '../../ui/notice.js'
import { toast } from '../../ui/toast.js'
import { ActProblem } from '../account/act-problem.js'
import { refreshSession } from '../account/refresh-session.js'
import { useAct } from '../key-actions/use-act.js'
import { ROLE_WORDS, withArticle } from './members-roles.js'
import { useReloadMembers } from './members-reload.js'

/** Asks before a member gets another role, and says what they can do then. */
export function MemberRoleDialog(props: {
  readonly member: MemberView
  readonly role: Role
  readonly onClose: () => void
}): ReactElement {
  const { member, role, onClose } = props
  const { user } = useSession()
  const reload = useReloadMembers()
  const act = useAct()
  const [seen, setSeen] = useState(member.role)
  const isOwn = member.id === user.id
  function change(): void {
    act.run(async () => {
      try {
        const to = path`/v1/members/${member.id}`
        await send<MemberView>({ method: 'PATCH', path: to, body: { role }, version: member.version })
      } catch (error) {
        if (isRefusal(error, 'version_conflict')) await reload()
        throw error
      }
      onClose()
      toast(`${member.name} is ${withArticle(role)} now.`)
      await Promise.all([reload(), isOwn ? refreshSession() : null])
    })
  }
  const isConflict = isRefusal(act.error, 'version_conflict')
  return (
    <AlertDialog
      open
      danger={false}
      title={`Make ${isOwn ? 'yourself' : member.name} ${withArticle(role)}?`}
      description={
        <>
          {ROLE_WORDS[role].label}: {ROLE_WORDS[role].can} It holds from the next request on; keys that{' '}
          {isOwn ? 'you' : 'they'} made stay as they are.
        </>
      }
      confirm={`Make ${isOwn ? 'me' : 'them'} ${withArticle(role)}`}
      pending={act.pending}
      disabled={isConflict && member.role !== seen}
      onClose={onClose}
      onConfirm={change}
    >
      {isConflict ? (
        <Conflict member={member} seen={member.role === seen} onSeen={() => setSeen(member.role)} />
      ) : (
        <ActProblem error={act.error} />
      )}
    </AlertDialog>
  )
}

function Conflict(props: {
  readonly member: MemberView
  readonly seen: boolean
  readonly onSeen: () => void
}): ReactElement {
  const { member, seen, onSeen } = props
  return (
    <Notice tone="warn" title="Changed meanwhile" alert>
      <p>
        Somebody else changed this member: {member.name} is {withArticle(member.role)} now. Nothing was done
        here.
      </p>
      {!seen && (
        <Button small variant="quiet" onClick={onSeen}>
          I have seen it
        </Button>
      )}
    </Notice>
  )
}
