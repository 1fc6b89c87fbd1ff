import type { SessionView } from '@bitting/client'
import { useRouter, useSearch } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { Entrance } from '../../layout/entrance.js'
import { safeReturnTo } from '../../session/return-to.js'
import { adoptSession } from '../../session/session.js'
import { SignInForm } from '../../session/sign-in-form.js'
import { Notice } from '../../ui/notice.js'
import { problemWords } from './problems.js'

/** Where somebody signs in. */
export function SignInPage(): ReactElement {
  const { return_to: wanted, problem, done } = useSearch({ from: '/sign-in' })
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
