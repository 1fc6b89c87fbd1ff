import type { OfferedInvitationView } from '@bitting/client'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useStore } from '../../api/store.js'
import { send } from '../../api/transport.js'
import { Entrance } from '../../layout/entrance.js'
import { oneTimeCode } from '../../session/one-time-code.js'
import { ErrorState } from '../../ui/error-state.js'
import { Notice } from '../../ui/notice.js'
import { SkeletonText } from '../../ui/skeleton.js'
import { Time } from '../../ui/time.js'
import { ROLE_WORDS, withArticle } from '../settings/members-roles.js'
import { AcceptAsMember } from './accept-as-member.js'
import { AcceptAsNewcomer } from './accept-as-newcomer.js'

/** Where the link of an invitation leads: joins a workspace. */
export function InvitationPage(): ReactElement {
  const code = useStore(oneTimeCode)
  const offer = useQuery({
    queryKey: ['invitation', code],
    gcTime: 0,
    enabled: code !== '',
    queryFn: ({ signal }) => {
      const body = { code }
      return send<OfferedInvitationView>({
        method: 'POST',
        path: '/v1/auth/invitation/view',
        body,
        signal,
        unattended: true,
      })
    },
  })
  if (code === '') {
    return (
      <Entrance title="Join a workspace">
        <Notice tone="warn" title="The link is incomplete" alert>
          <p>Its last part, after the #, is missing. Copy the whole link and open it again.</p>
        </Notice>
        <p className="hint">
          A member already? <Link to="/sign-in">Sign in</Link>.
        </p>
      </Entrance>
    )
  }
  if (offer.data === undefined) {
    return (
      <Entrance title="Join a workspace">
        {offer.isPending ? (
          <SkeletonText lines={6} />
        ) : (
          <ErrorState
            error={offer.error}
            title="This invitation cannot be used"
            onRetry={() => void offer.refetch()}
          />
        )}
      </Entrance>
    )
  }
  return <Offer code={code} offer={offer.data} />
}

function Offer({
  code,
  offer,
}: {
  readonly code: string
  readonly offer: OfferedInvitationView
}): ReactElement {
  const { workspace_name: workspace, email, role, expires_at: expires, has_account: hasAccount } = offer
  return (
    <Entrance
      title={`Join ${workspace}`}
      description={
        <>
          You are invited as {withArticle(role)}, under <b>{email}</b>. {ROLE_WORDS[role].label}:{' '}
          {ROLE_WORDS[role].can} The invitation ends <Time value={expires} />.
        </>
      }
    >
      {hasAccount ? (
        <AcceptAsMember code={code} email={email} />
      ) : (
        <AcceptAsNewcomer code={code} email={email} />
      )}
    </Entrance>
  )
}
