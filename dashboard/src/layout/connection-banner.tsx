import { useEffect, type ReactElement } from 'react'
import { connection } from '../api/connection.js'
import { queryClient } from '../api/query-client.js'
import { useStore } from '../api/store.js'
import { send } from '../api/transport.js'

const ASK_AGAIN_MILLISECONDS = 3_000

/** Says that the server is away for as long as it is, and brings up to date what is shown when it is back. */
export function ConnectionBanner(): ReactElement {
  const state = useStore(connection)
  useEffect(() => {
    if (state === 'up') return undefined
    const timer = setInterval(() => {
      send({ path: '/healthz', unattended: true, timeoutMilliseconds: ASK_AGAIN_MILLISECONDS }).then(
        () => void queryClient.invalidateQueries(),
        () => undefined,
      )
    }, ASK_AGAIN_MILLISECONDS)
    return () => clearInterval(timer)
  }, [state])
  return (
    <div role="status" className="connection">
      {state === 'away' && (
        <p>
          <span className="spinner" aria-hidden="true" /> The server does not answer; trying again.
        </p>
      )}
    </div>
  )
}
