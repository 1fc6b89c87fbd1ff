import type { SignInPolicyView } from '@bitting/client'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useCan, useSession } from '../../session/session.js'
import { Card } from '../../ui/card.js'
import { DescriptionList } from '../../ui/description-list.js'
import { Notice } from '../../ui/notice.js'
import { QueryView } from '../../ui/query-view.js'
import { Skeleton } from '../../ui/skeleton.js'
import { withArticle } from './members-roles.js'
import { SettingsFrame } from './settings-form.js'
import { describeDraft, draftOf, rowsOf } from './sign-in-draft.js'
import { SignInProvider } from './sign-in-provider.js'
import { signInPolicyQuery } from './sign-in-query.js'
import { useSignInForm } from './sign-in-use-form.js'
import { SignInSessions, SignInWays } from './sign-in-ways.js'
import './sign-in-settings.css'

/** How people get into the workspace, and how long they stay signed in. */
export function SignInSettings(): ReactElement {
  const can = useCan()
  const policy = useQuery(signInPolicyQuery)
  return (
    <QueryView query={policy} title="The policy could not be loaded" pending={<Skeleton height="32rem" />}>
      {(data) => (can('members:edit') ? <PolicyForm policy={data} /> : <PolicyToRead policy={data} />)}
    </QueryView>
  )
}

function PolicyForm({ policy }: { readonly policy: SignInPolicyView }): ReactElement {
  const form = useSignInForm(policy)
  return (
    <div className="sign-in-settings">
      <SettingsFrame form={form} describe={describeDraft}>
        <SignInWays form={form} />
        <SignInSessions form={form} />
        <SignInProvider form={form} policy={policy} />
      </SettingsFrame>
    </div>
  )
}

function PolicyToRead({ policy }: { readonly policy: SignInPolicyView }): ReactElement {
  const { role } = useSession()
  const facts = rowsOf(draftOf(policy)).filter(([, detail]) => detail !== '')
  return (
    <>
      <Notice>
        <p>Only owners and admins can change how people sign in. You are {withArticle(role)}.</p>
      </Notice>
      <Card title="Sign-in">
        <DescriptionList items={facts.map(([term, detail]) => ({ term, detail }))} />
      </Card>
    </>
  )
}
