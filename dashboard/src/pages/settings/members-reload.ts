import { useQueryClient } from '@tanstack/react-query'
import { membersQuery } from '../../people/members-query.js'

/** Reads the members again. */
export function useReloadMembers(): () => Promise<void> {
  const client = useQueryClient()
  return () => client.invalidateQueries(membersQuery)
}
