import type { FieldError } from '@bitting/core'

/** A flaw as zod tells it. */
export interface Issue {
  readonly code: string
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly keys?: readonly string[]
  readonly errors?: readonly (readonly Issue[])[]
}

/** The flaws that a schema found, each at the path of its field. */
export function fieldErrors(issues: readonly Issue[]): FieldError[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String)
    // A body of one of several forms: what is wrong with the form that was meant.
    if (issue.code === 'invalid_union' && path.length === 0) return fieldErrors(meantForm(issue.errors ?? []))
    if (issue.code === 'unrecognized_keys') {
      return (issue.keys ?? []).map((key) => ({
        field: [...path, key].join('.'),
        message: 'is not known here',
      }))
    }
    return [{ field: path.length === 0 ? 'body' : path.join('.'), message: issue.message }]
  })
}

/** Of the forms that a body does not fit, the one whose members it has. */
function meantForm(forms: readonly (readonly Issue[])[]): readonly Issue[] {
  const strange = (issues: readonly Issue[]): number =>
    issues.reduce((sum, { code, path, keys }) => {
      return sum + (code === 'unrecognized_keys' && path.length === 0 ? (keys?.length ?? 0) : 0)
    }, 0)
  const [first = []] = forms.toSorted((a, b) => strange(a) - strange(b) || a.length - b.length)
  return first
}
