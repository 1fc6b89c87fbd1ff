import type { SignInPolicyView } from '@bitting/client'
import { queryOptions } from '@tanstack/react-query'
import { get } from '../../api/transport.js'

/** How people get into the workspace. */
export const signInPolicyQuery = queryOptions({
  queryKey: ['sign-in-policy'],
  queryFn: ({ signal }) => get<SignInPolicyView>('/v1/sign-in-policy', {}, signal),
})
