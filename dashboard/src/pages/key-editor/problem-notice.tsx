import { useEffect, useRef, type ReactElement } from 'react'
import { FormProblem } from '../../session/form-problem.js'

/** Why the form could not be sent, brought into sight. */
export function ProblemNotice({ error }: { readonly error: unknown }): ReactElement {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (error !== null) place.current?.scrollIntoView({ block: 'nearest' })
  }, [error])
  return (
    <div ref={place}>
      <FormProblem error={error} />
    </div>
  )
}
