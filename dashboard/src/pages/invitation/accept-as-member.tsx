import type { SignInResult } from '@bitting/client'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useRef, type ReactElement } from 'react'
import { isRefusal } from '../../api/problem.js'
import { send } from '../../api/transport.js'
import { FormProblem } from '../../session/form-problem.js'
import { sessionQuery } from '../../session/session.js'
import { sendSignIn, SignInForm } from '../../session/sign-in-form.js'
import { Button } from '../../ui/button.js'
import { Notice } from '../../ui/notice.js'
import { SkeletonText } from '../../ui/skeleton.js'

/** Accepts an invitation with the account that there is: after a sign-in with its address. */
export function AcceptAsMember({
  code,
  email,
}: {
  readonly code: string
  readonly email: string
}): ReactElement {
  const session = useQuery(sessionQuery)
  const hasJoined = useRef(false)
  const accept = useMutation({
    mutationFn: () => sendAcceptance({ code }),
    // The whole page anew: the workspace is another one now.
    onSuccess: () => location.assign('/'),
    onError: () => session.refetch(),
  })
  if (session.isPending) return <SkeletonText lines={4} />
  const { data: signedIn } = session
  // Whose password opens no workspace cannot sign in first: then the password accepts by itself.
  const sendPassword = async (password: string): Promise<SignInResult> => {
    if (hasJoined.current) return sendSignIn(email, password)
    try {
      const joined = await sendAcceptance({ code, password })
      hasJoined.current = true
      return joined
    } catch (error) {
      if (isRefusal(error, 'sign_in_first')) return sendSignIn(email, password)
      throw error
    }
  }
  // What a workspace's identity provider vouches for does not reach into another workspace.
  const isThem = signedIn?.user.email.toLowerCase() === email.toLowerCase() && !signedIn.confined
  if (isThem) {
    return (
      <div className="form">
        <p>You are signed in as {signedIn.user.name}. Your account gets this workspace beside the others.</p>
        <FormProblem error={accept.error} />
        <Button variant="primary" pending={accept.isPending} onClick={() => accept.mutate()}>
          Join
        </Button>
      </div>
    )
  }
  return (
    <div className="form">
      <Notice>
        <p>{whySignIn(signedIn, email)}</p>
      </Notice>
      <SignInForm
        email={email}
        returnTo="/"
        sendPassword={sendPassword}
        onSignedIn={() => (hasJoined.current ? location.assign('/') : accept.mutate())}
      />
      <FormProblem error={accept.error} />
    </div>
  )
}

function sendAcceptance(body: { readonly code: string; readonly password?: string }): Promise<SignInResult> {
  return send<SignInResult>({ method: 'POST', path: '/v1/auth/invitation', body, unattended: true })
}

function whySignIn(
  signedIn: { readonly user: { readonly email: string }; readonly confined: boolean } | undefined,
  email: string,
): string {
  if (signedIn === undefined) return 'There is an account with this address. Sign in with it to join.'
  if (signedIn.user.email.toLowerCase() === email.toLowerCase()) {
    return 'You are signed in through another workspace’s single sign-on, which is for that one alone. Sign in with your password or a passkey to join.'
  }
  return `You are signed in as ${signedIn.user.email}. Sign in with the address that was invited.`
}
