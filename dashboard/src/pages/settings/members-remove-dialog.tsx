import type { KeyView, MemberView, Page } from '@bitting/client'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { isRefusal } from '../../api/problem.js'
import { get, path, send } from '../../api/transport.js'
import { formatCount } from '../../format.js'
import { signOut, useCan, useSession } from '../../session/session.js'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { Notice } from '../../ui/notice.js'
import { toast } from '../../ui/toast.js'
import { ActProblem } from '../account/act-problem.js'
import { useAct } from '../key-actions/use-act.js'
import { useReloadMembers } from './members-reload.js'
import { withArticle } from './members-roles.js'

/** More keys than this are not counted. */
const COUNTED_MAX = 100

/** Asks before a member is removed, and says which keys stay. */
export function MemberRemoveDialog(props: {
  readonly member: MemberView
  readonly onClose: () => void
}): ReactElement {
  const { member, onClose } = props
  const { user } = useSession()
  const reload = useReloadMembers()
  const act = useAct()
  const isOwn = member.id === user.id
  function remove(): void {
    act.run(async () => {
      try {
        await send({ method: 'DELETE', path: path`/v1/members/${member.id}`, version: member.version })
      } catch (error) {
        if (isRefusal(error, 'version_conflict')) await reload()
        throw error
      }
      if (isOwn) return signOut()
      onClose()
      toast(`${member.name} was removed.`)
      await reload()
      return undefined
    })
  }
  return (
    <AlertDialog
      open
      title={isOwn ? 'Leave this workspace?' : `Remove ${member.name}?`}
      description={
        isOwn
          ? 'Your session here ends at once. You come back by a new invitation alone.'
          : 'Their sessions in this workspace end at once. They come back by a new invitation alone.'
      }
      confirm={isOwn ? 'Leave' : 'Remove them'}
      pending={act.pending}
      onClose={onClose}
      onConfirm={remove}
    >
      <KeysThatStay member={member} />
      {isRefusal(act.error, 'version_conflict') ? (
        <Notice tone="warn" title="Changed meanwhile" alert>
          <p>
            Somebody else changed this member: {member.name} is {withArticle(member.role)} now. Nothing was
            done here. Remove them all the same?
          </p>
        </Notice>
      ) : (
        <ActProblem error={act.error} />
      )}
    </AlertDialog>
  )
}

/** Keys are identities of their own: others depend on them. */
function KeysThatStay({ member: { id } }: { readonly member: MemberView }): ReactElement | null {
  const can = useCan()
  const keys = useQuery({
    queryKey: ['keys', 'made-by', id],
    queryFn: async ({ signal }) => {
      const filter = { created_by: id, limit: COUNTED_MAX, state: 'active' }
      return get<Page<KeyView>>('/v1/keys', filter, signal)
    },
    enabled: can('keys:read'),
  })
  if (keys.data === undefined) return null
  const { data, next_cursor: more } = keys.data
  if (data.length === 0) return <p>They made no key that is in use.</p>
  const count =
    more === null ? formatCount(data.length, 'key') : `More than ${formatCount(COUNTED_MAX, 'key')}`
  return (
    <p>
      <b>
        {count} that they made {data.length === 1 && more === null ? 'stays' : 'stay'} in use
      </b>
      , because others may depend on {data.length === 1 ? 'it' : 'them'}.{' '}
      <Link to="/keys" search={{ by: id }}>
        Look at {data.length === 1 ? 'it' : 'them'}
      </Link>
    </p>
  )
}
