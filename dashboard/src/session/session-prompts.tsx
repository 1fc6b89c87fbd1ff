import type { SessionView } from '@bitting/client'
import { useEffect, useState, type ReactElement } from 'react'
import { answerPrompt, openPrompts } from '../api/prompts.js'
import { queryClient } from '../api/query-client.js'
import { useStore } from '../api/store.js'
import { send } from '../api/transport.js'
import { Dialog } from '../ui/dialog.js'
import { FormProblem } from './form-problem.js'
import { adoptSession, sessionQuery } from './session.js'
import { SignInForm } from './sign-in-form.js'
import { StepUpForm } from './step-up-form.js'

/** The dialogs that a request can open over any page: nothing that was typed below them is lost. */
export function SessionPrompts(): ReactElement | null {
  const prompts = useStore(openPrompts)
  const session = queryClient.getQueryData(sessionQuery.queryKey)
  if (prompts['sign-in'] !== undefined) return <SignInPrompt session={session} />
  if (prompts['step-up'] !== undefined && session !== undefined) return <StepUpPrompt session={session} />
  return null
}

function SignInPrompt({ session: before }: { readonly session: SessionView | undefined }): ReactElement {
  const [error, setError] = useState<unknown>(null)
  async function goOn(session: SessionView): Promise<void> {
    try {
      adoptSession(await backToWorkspace(session, before))
      answerPrompt('sign-in', true)
    } catch (failure) {
      setError(failure)
    }
  }
  useReturnFromProvider(goOn)
  return (
    <Dialog
      open
      keepOnPressOutside
      title="Sign in again"
      description="Your session has ended. This page stays as it is, and goes on where it was."
      onClose={() => answerPrompt('sign-in', false)}
    >
      <SignInForm email={before?.user.email} onSignedIn={(session) => void goOn(session)} />
      <FormProblem error={error} />
    </Dialog>
  )
}

function StepUpPrompt({ session }: { readonly session: SessionView }): ReactElement {
  function goOn(fresh: SessionView): void {
    adoptSession(fresh)
    answerPrompt('step-up', true)
  }
  useReturnFromProvider((fresh) => {
    if (new Date(fresh.recent_until).getTime() > Date.now()) goOn(fresh)
  })
  return (
    <Dialog
      open
      keepOnPressOutside
      title="Confirm that it is you"
      description="This can do much, so it asks for a sign-in of the last ten minutes."
      onClose={() => answerPrompt('step-up', false)}
    >
      <StepUpForm session={session} onProved={goOn} />
    </Dialog>
  )
}

/** The request that waits was meant for the workspace that the page shows, and must not act in another. */
async function backToWorkspace(session: SessionView, before: SessionView | undefined): Promise<SessionView> {
  const wanted = before?.workspace.id
  const sameUser = before?.user.id === session.user.id
  if (wanted === undefined || wanted === session.workspace.id || !sameUser) return session
  const body = { workspace_id: wanted }
  return send<SessionView>({ method: 'POST', path: '/v1/auth/workspace', body, unattended: true })
}

/** Looks for a session when somebody comes back from where the identity provider asked them. */
function useReturnFromProvider(onSession: (session: SessionView) => unknown): void {
  useEffect(() => {
    const look = (): void => {
      send<SessionView>({ path: '/v1/auth/session', unattended: true }).then(onSession, () => undefined)
    }
    addEventListener('focus', look)
    return () => removeEventListener('focus', look)
  })
}
