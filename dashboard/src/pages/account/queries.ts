import type { OwnSessionView, PasskeyView } from '@bitting/client'
import { queryOptions } from '@tanstack/react-query'
import { get } from '../../api/transport.js'

/** Where one is signed in, the session last used first. */
export const ownSessionsQuery = queryOptions({
  queryKey: ['own-sessions'],
  queryFn: async ({ signal }) => {
    const { data } = await get<{ data: OwnSessionView[] }>('/v1/account/sessions', {}, signal)
    return data
  },
})

/** The passkeys that one has. */
export const passkeysQuery = queryOptions({
  queryKey: ['passkeys'],
  queryFn: async ({ signal }) => {
    const { data } = await get<{ data: PasskeyView[] }>('/v1/account/passkeys', {}, signal)
    return data
  },
})
