import { useState } from 'react'
import { describeError, isRefusal } from '../../api/problem.js'
import { toast } from '../../ui/toast.js'
import { webhooksChanged } from './queries.js'

/** What needs no dialog, and which of it is being done. */
export interface AtOnce {
  /** The name of what is being done; null for nothing. */
  readonly running: string | null
  /** Does it, one thing at a time, and tells the sentence that it comes to. */
  readonly run: (name: string, work: () => Promise<string>, undo?: () => Promise<string>) => void
}

/** Does things at once, tells what came of them, and reads anew what they show in. */
export function useAtOnce(): AtOnce {
  const [running, setRunning] = useState<string | null>(null)

  async function perform(work: () => Promise<string>, undo?: () => Promise<string>): Promise<void> {
    try {
      toast(await work(), undo === undefined ? {} : { undo: () => void perform(undo) })
    } catch (error) {
      // The person was asked to sign in and closed the question: they know.
      const declined = isRefusal(error, 'session_ended') || isRefusal(error, 'step_up_required')
      if (!declined) toast(describeError(error), { bad: true })
    } finally {
      void webhooksChanged()
    }
  }

  return {
    running,
    run: (name, work, undo) => {
      if (running !== null) return
      setRunning(name)
      void perform(work, undo).finally(() => setRunning(null))
    },
  }
}
