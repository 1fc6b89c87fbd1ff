import { useState } from 'react'

/** Something that is done once at a time, and how it goes. */
export interface Act {
  readonly pending: boolean
  /** Why the last attempt failed, null where it did not. */
  readonly error: unknown
  /** Does it, unless it is being done already. */
  readonly run: (work: () => Promise<void>) => void
  /** Forgets the last error. */
  readonly reset: () => void
}

/** Follows one act of a dialog. What it comes to is kept by the dialog alone: no cache sees a token. */
export function useAct(): Act {
  const [pending, setPending] = useState(false)
  const [error, setError] = useState<unknown>(null)
  return {
    pending,
    error,
    reset: () => setError(null),
    run: (work) => {
      if (pending) return
      setPending(true)
      setError(null)
      work()
        .catch((reason: unknown) => setError(reason))
        .finally(() => setPending(false))
    },
  }
}
