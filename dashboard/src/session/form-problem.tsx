import type { ReactElement } from 'react'
import { describeError } from '../api/problem.js'
import { Notice } from '../ui/notice.js'
import { PasskeyCancelled } from './passkey.js'

/** What went wrong with a form as a whole; nothing where nothing did. */
export function FormProblem({ error }: { readonly error: unknown }): ReactElement | null {
  if (error === null || error === undefined) return null
  return (
    <Notice tone="bad" alert>
      <p>{error instanceof PasskeyCancelled ? error.message : describeError(error)}</p>
    </Notice>
  )
}
