import { ApiError } from '@bitting/client'
import { QueryClient } from '@tanstack/react-query'
import { isAway } from './problem.js'

const RETRIES_AFTER_5XX = 2
const LONGEST_WAIT_MILLISECONDS = 5_000

/** The cache of what was read. Refusals are final; a server that is away is asked again until it answers. */
export const queryClient: QueryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // The server may be on this machine: being offline says nothing about it.
      networkMode: 'always',
      staleTime: 10_000,
      retry: (failures, error) => {
        if (isAway(error)) return true
        return error instanceof ApiError && error.status >= 500 && failures < RETRIES_AFTER_5XX
      },
      retryDelay: (failures) => Math.min(500 * 2 ** failures, LONGEST_WAIT_MILLISECONDS),
    },
    mutations: { networkMode: 'always', retry: false },
  },
})
