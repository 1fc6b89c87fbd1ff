import type { SessionView } from '@bitting/client'
import { Link, useRouter, useSearch } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { Entrance } from '../../layout/entrance.js'
import { safeReturnTo } from '../../session/return-to.js'
import { adoptSession } from '../../session/session.js'
import { SignInForm } from '../../session/sign-in-form.js'
import { SsoLink } from '../../session/sso-link.js'
import { Notice } from '../../ui/notice.js'
import { problemWords } from './problems.js'

/** Where somebody signs in. */
export function SignInPage(): ReactElement {
  const { return_to: wanted, problem, sso, done } = useSearch({ from: '/sign-in' })
  const router = useRouter()
  const returnTo = safeReturnTo(wanted)
  function goOn(session: SessionView): void {
    adoptSession(session)
    router.history.replace(returnTo)
  }
  if (done === true && problem === undefined) {
    return (
      <Entrance title="You are signed in">
        <p>Close this tab and go back to the page that asked: it goes on where it was.</p>
      </Entrance>
    )
  }
  if (sso !== undefined) return <SingleSignOnQuestion workspaceId={sso} returnTo={returnTo} />
  return (
    <Entrance title="Sign in">
      {problem !== undefined && (
        <Notice tone="bad" alert>
          <p>{problemWords(problem)}</p>
        </Notice>
      )}
      <SignInForm onSignedIn={goOn} returnTo={returnTo} />
      <details className="hint">
        <summary>You cannot get in?</summary>
        <p>
          Use a recovery code in place of a code, or a passkey in place of both. Where nothing is left, ask an
          owner of your workspace, or whoever runs this installation, for an invitation to another address.
        </p>
      </details>
    </Entrance>
  )
}

/** Asks whoever another site has sent to a single sign-on whether they want it: from here on it is their own act. */
function SingleSignOnQuestion(props: {
  readonly workspaceId: string
  readonly returnTo: string
}): ReactElement {
  const { workspaceId, returnTo } = props
  return (
    <Entrance title="Sign in" description="Go on if you came here to sign in to your own workspace.">
      <div className="sign-in-form">
        <SsoLink workspaceId={workspaceId} label="Continue with single sign-on" returnTo={returnTo} />
        <p className="hint">
          <Link to="/sign-in">Sign in another way</Link>
        </p>
      </div>
    </Entrance>
  )
}
