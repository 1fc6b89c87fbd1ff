import { useState, type ReactElement } from 'react'
import { useSession } from '../../session/session.js'
import { Card } from '../../ui/card.js'
import { DescriptionList } from '../../ui/description-list.js'
import { Notice } from '../../ui/notice.js'
import { PageHeader } from '../../ui/page-header.js'
import { AddPasskeyDialog } from './add-passkey-dialog.js'
import { GeneratorCard } from './generator-card.js'
import { PasskeysCard } from './passkeys-card.js'
import { PasswordCard } from './password-card.js'
import { ProfileCard } from './profile-card.js'
import { SecondFactorCard } from './second-factor-card.js'
import { SessionsCard } from './sessions-card.js'
import { useGenerator } from './use-generator.js'
import { WorkspacesCard } from './workspaces-card.js'
import './account.css'

/** The account of who is signed in. */
export function AccountPage(): ReactElement {
  const { confined } = useSession()
  return (
    <div className="page account">
      <PageHeader title="Your account" description="Yours alone, and the same in every workspace." />
      {confined ? <ConfinedAccount /> : <OwnAccount />}
    </div>
  )
}

function OwnAccount(): ReactElement {
  const { needs_second_factor: needsSecondFactor } = useSession()
  const generator = useGenerator()
  const [addingPasskey, setAddingPasskey] = useState(false)
  const addPasskey = (): void => setAddingPasskey(true)
  return (
    <>
      {needsSecondFactor && <SecondFactorCard generator={generator} onAddPasskey={addPasskey} />}
      <div className="account-columns">
        <ProfileCard />
        <PasswordCard />
        {!needsSecondFactor && (
          <>
            <GeneratorCard generator={generator} />
            <PasskeysCard onAdd={addPasskey} />
          </>
        )}
        <SessionsCard />
        <WorkspacesCard />
      </div>
      {generator.dialog}
      {addingPasskey && <AddPasskeyDialog onClose={() => setAddingPasskey(false)} />}
    </>
  )
}

/** What an identity provider vouches for reaches no further than its workspace. */
function ConfinedAccount(): ReactElement {
  const { user, workspace } = useSession()
  return (
    <>
      <Notice title="You are signed in through single sign-on">
        <p>
          This session is for {workspace.name} alone: its identity provider speaks for nothing else. To change
          your account or to go to another workspace, sign out, then sign in with your password or a passkey.
        </p>
      </Notice>
      <Card title="Profile">
        <DescriptionList
          items={[
            { term: 'Name', detail: user.name },
            { term: 'E-mail', detail: user.email },
          ]}
        />
      </Card>
      <WorkspacesCard />
    </>
  )
}
