import type { MemberView } from '@bitting/client'
import { ROLES, type Role } from '@bitting/core'
import { useId, useState, type ReactElement } from 'react'
import { isRefusal } from '../../api/problem.js'
import { path, send } from '../../api/transport.js'
import { useSession } from '../../session/session.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { Notice } from '../../ui/notice.js'
import { RadioGroup } from '../../ui/radio-group.js'
import { toast } from '../../ui/toast.js'
import { ActProblem } from '../account/act-problem.js'
import { refreshSession } from '../account/refresh-session.js'
import { useAct } from '../key-actions/use-act.js'
import { ROLE_WORDS, withArticle } from './members-roles.js'
import { useReloadMembers } from './members-reload.js'

/** Gives a member another role, and says what each can do. */
export function MemberRoleDialog(props: {
  readonly member: MemberView
  /** The roles that whoever is signed in may give. */
  readonly roles: readonly Role[]
  readonly onClose: () => void
}): ReactElement {
  const { member, roles, onClose } = props
  const { user } = useSession()
  const form = useId()
  const [role, setRole] = useState(member.role)
  const [seen, setSeen] = useState(member.role)
  const isOwn = member.id === user.id
  const act = useAct()
  const change = useRoleChange(member, isOwn, onClose)
  const isConflict = isRefusal(act.error, 'version_conflict')
  return (
    <Dialog
      open
      title={isOwn ? 'Change your role' : `Change the role of ${member.name}`}
      description={`It holds from the next request on. Keys that ${isOwn ? 'you' : 'they'} made stay as they are.`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            type="submit"
            form={form}
            pending={act.pending}
            disabled={role === member.role || (isConflict && member.role !== seen)}
          >
            Change role
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          act.run(() => change(role))
        }}
      >
        <RoleChoices value={role} roles={roles} onChange={setRole} />
        {isConflict ? (
          <Conflict member={member} seen={member.role === seen} onSeen={() => setSeen(member.role)} />
        ) : (
          <ActProblem error={act.error} />
        )}
      </form>
    </Dialog>
  )
}

/** Makes the change, tells of it, and reads anew what it shows in. */
function useRoleChange(
  { id, name, version }: MemberView,
  isOwn: boolean,
  onDone: () => void,
): (role: Role) => Promise<void> {
  const reload = useReloadMembers()
  return async (role) => {
    try {
      await send<MemberView>({ method: 'PATCH', path: path`/v1/members/${id}`, body: { role }, version })
    } catch (error) {
      if (isRefusal(error, 'version_conflict')) await reload()
      throw error
    }
    onDone()
    toast(`${name} is ${withArticle(role)} now.`)
    await Promise.all([reload(), isOwn ? refreshSession() : null])
  }
}

function RoleChoices(props: {
  readonly value: Role
  readonly roles: readonly Role[]
  readonly onChange: (role: Role) => void
}): ReactElement {
  const { value, roles, onChange } = props
  return (
    <RadioGroup
      legend="Role"
      value={value}
      onValueChange={onChange}
      choices={ROLES.map((role) => ({
        value: role,
        label: ROLE_WORDS[role].label,
        hint: roles.includes(role) ? ROLE_WORDS[role].can : `${ROLE_WORDS[role].can} Only an owner gives it.`,
        disabled: !roles.includes(role),
      }))}
    />
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
