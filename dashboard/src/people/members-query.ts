import type { MemberView, Page } from '@bitting/client'
import { queryOptions } from '@tanstack/react-query'
import { get } from '../api/transport.js'

/** Everybody in the workspace, whose names stand in many places. */
export const membersQuery = queryOptions({
  queryKey: ['members'],
  queryFn: async ({ signal }) => {
    const members: MemberView[] = []
    let cursor: string | null = null
    do {
      const page: Page<MemberView> = await get('/v1/members', { limit: 100, cursor }, signal)
      members.push(...page.data)
      cursor = page.next_cursor
    } while (cursor !== null)
    return members
  },
  staleTime: 60_000,
})
