import type { SessionView, SignInOptionsView } from '@bitting/client'
import { levelOf, rankOf, type Level } from '@bitting/core'
import { queryOptions, useQuery, useSuspenseQuery, type UseQueryResult } from '@tanstack/react-query'
import { isRefusal } from '../api/problem.js'
import { queryClient } from '../api/query-client.js'
import { get, send } from '../api/transport.js'

/** Who is signed in. Fails with `session_ended` where nobody is, without asking for a sign-in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => send<SessionView>({ path: '/v1/auth/session', signal, unattended: true }),
  staleTime: 60_000,
})

/** How one can sign in here. */
export const signInOptionsQuery = queryOptions({
  queryKey: ['sign-in-options'],
  queryFn: ({ signal }) => get<SignInOptionsView>('/v1/auth/options', {}, signal),
  staleTime: 300_000,
})

/** Who is signed in, for the pages behind the sign-in: they are not drawn before it is known. */
export function useSession(): SessionView {
  return useSuspenseQuery(sessionQuery).data
}

/** How one can sign in here. */
export function useSignInOptions(): UseQueryResult<SignInOptionsView> {
  return useQuery(signInOptionsQuery)
}

/** What a member can do: `can('keys:edit')`. The form is a scope: a permission of the management API, and a level. */
export type Can = (scope: `${string}:${Exclude<Level, 'none'>}`) => boolean

/** What who is signed in can do, by their role. The server decides; this is for what is not to be offered at all. */
export function useCan(): Can {
  return canOf(useSession())
}

/** What a session can do. */
export function canOf({ access }: Pick<SessionView, 'access'>): Can {
  return (scope) => {
    const [permission = '', level] = scope.split(':')
    return rankOf(levelOf(access, permission)) >= rankOf(level === 'edit' ? 'edit' : 'read')
  }
}

/** Takes over a session as the server just gave it. Where it is another person's or workspace's, the page begins anew. */
export function adoptSession(session: SessionView): void {
  const before = queryClient.getQueryData(sessionQuery.queryKey)
  const other =
    before !== undefined &&
    (before.user.id !== session.user.id || before.workspace.id !== session.workspace.id)
  if (other) location.assign('/')
  else queryClient.setQueryData(sessionQuery.queryKey, session)
}

/** Goes to another workspace of the person. The page is loaded anew, so nothing of the one before stays in memory. */
export async function switchWorkspace(workspaceId: string): Promise<void> {
  await send({ method: 'POST', path: '/v1/auth/workspace', body: { workspace_id: workspaceId } })
  location.assign('/')
}

/** Ends the session. The page is loaded anew, so nothing that it showed stays in memory. */
export async function signOut(): Promise<void> {
  try {
    await send({ method: 'POST', path: '/v1/auth/sign-out', unattended: true })
  } catch (error) {
    if (!isRefusal(error, 'session_ended')) throw error
  }
  location.assign('/sign-in')
}
