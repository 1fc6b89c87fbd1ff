import type { ReactElement } from 'react'
import { sentenceCase } from './actions.js'

/** Whether a value is an object with members. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The name of a member as a term: `Overlap seconds`. */
export function readableName(name: string): string {
  return sentenceCase(name.replaceAll('_', ' '))
}

/** A value of an entry's details, readable: texts as they are, what is nested as JSON. */
export function ValueText({ value }: { readonly value: unknown }): ReactElement {
  return <>{plainText(value) ?? <code className="audit-json">{JSON.stringify(value, null, 1)}</code>}</>
}

/** A value in a line, null for what needs more. */
export function plainText(value: unknown): string | null {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  if (typeof value === 'string') return value === '' ? 'Empty' : value
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) {
    const parts = value.map((part) => (typeof part === 'object' ? null : plainText(part)))
    if (value.length === 0) return 'None'
    return parts.every((part) => part !== null) ? parts.join(', ') : null
  }
  return isRecord(value) && Object.keys(value).length === 0 ? 'None' : null
}
