import type { Decision } from '@bitting/core'
import type { Workspace } from '../feed/workspace.js'

/** What becomes of the record of a call. */
export interface Recording {
  /** True once nobody has to wait for it any more. */
  readonly isSettled: boolean
  whenSettled(callback: () => void): void
}

/** Where the gateway tells what it decided. A caller is not answered before its record has settled. */
export interface CallRecorder {
  record(
    decision: Decision<Workspace>,
    call: {
      readonly method: string
      readonly path: string
      readonly address: string | null
      readonly userAgent: string | null
      readonly requestId: string | null
      readonly via: 'gateway'
    },
  ): Recording
}

/** The record of a call that nobody keeps. */
export const UNRECORDED: Recording = {
  isSettled: true,
  whenSettled: (callback) => {
    callback()
  },
}

/** Acts at once or when the record of the call has settled. */
export function afterRecording(recording: Recording, act: () => void): void {
  if (recording.isSettled) act()
  else recording.whenSettled(act)
}
