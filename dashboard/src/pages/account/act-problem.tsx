import { ApiError } from '@bitting/client'
import type { ReactElement } from 'react'
import { isRefusal } from '../../api/problem.js'
import { FormProblem } from '../../session/form-problem.js'

/**
 * Why something was not done. Nothing where the person closed the dialog that asked who they are, and nothing where the
 * fields of the form say it already.
 */
export function ActProblem(props: {
  readonly error: unknown
  /** The fields that show what is wrong with them. */
  readonly fields?: readonly string[] | undefined
}): ReactElement | null {
  const { error, fields = [] } = props
  if (isDeclined(error)) return null
  const isAtFields =
    error instanceof ApiError &&
    error.errors.length > 0 &&
    error.errors.every(({ field }) => fields.includes(field))
  return isAtFields ? null : <FormProblem error={error} />
}

/** Whether the person declined to prove who they are: they know. */
export function isDeclined(error: unknown): boolean {
  return isRefusal(error, 'session_ended') || isRefusal(error, 'step_up_required')
}
