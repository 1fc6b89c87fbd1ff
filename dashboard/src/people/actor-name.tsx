import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { keyQuery } from '../pages/key-actions/queries.js'
import { useCan, useSession } from '../session/session.js'
import { formerMembersQuery, formerName } from './former-members.js'
import { membersQuery } from './members-query.js'

/** Who did something, by the name that people know: a member, a key, or the program itself. */
export function ActorName({ id }: { readonly id: string | null }): ReactElement {
  if (id?.startsWith('usr_') === true) return <MemberName id={id} />
  if (id?.startsWith('key_') === true) return <KeyName id={id} />
  if (id === 'operator') return <span title="Whoever runs the installation, at its machine">Operator</span>
  if (id === 'anonymous') return <>Somebody unknown</>
  return <>{id ?? 'Bitting itself'}</>
}

function MemberName({ id }: { readonly id: string }): ReactElement {
  const { user } = useSession()
  const can = useCan()
  const members = useQuery({ ...membersQuery, enabled: can('members:read') })
  const member = members.data?.find((it) => it.id === id)
  const name = member?.name ?? (user.id === id ? user.name : undefined)
  const isFormer = members.isSuccess && name === undefined
  const former = useQuery({ ...formerMembersQuery, enabled: isFormer && can('audit:read') })
  if (name !== undefined) return <span title={member?.email}>{name}</span>
  return <span title={id}>{members.isPending ? '…' : formerName(former.data?.[id])}</span>
}

function KeyName({ id }: { readonly id: string }): ReactElement {
  const can = useCan()
  const key = useQuery({ ...keyQuery(id), staleTime: 60_000, enabled: can('keys:read') })
  return (
    <Link to="/keys/$keyId" params={{ keyId: id }} title={id}>
      {key.data?.name ?? id}
    </Link>
  )
}
