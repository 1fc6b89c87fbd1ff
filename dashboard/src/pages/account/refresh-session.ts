import { queryClient } from '../../api/query-client.js'
import { sessionQuery } from '../../session/session.js'

/** Reads again who is signed in, after a change of what the account has. */
export async function refreshSession(): Promise<void> {
  await queryClient.refetchQueries(sessionQuery)
}
