import { LEVEL_TITLES } from '@bitting/core'
import type { ReactElement } from 'react'
import { formatTime } from '../../format.js'
import { Time } from '../../ui/time.js'
import { sentenceCase } from './actions.js'
import type { Names } from './names.js'

/** Values by their names. */
export type Details = Readonly<Record<string, unknown>>

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/

/** Whether a value is an object with members. */
export function isRecord(value: unknown): value is Details {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The name of a member as a term: `Overlap seconds`. */
export function readableName(name: string): string {
  return sentenceCase(name.replaceAll('_', ' '))
}

/** Details with what keys may do in words: `{access: {Call: 'Edit'}}`. */
export function wordedDetails(details: Details, names: Names): Details {
  const worded = (name: string, value: unknown): unknown => {
    if (name === 'access') return wordedAccess(value, names)
    if (name !== 'ceilings' || !isRecord(value)) return value
    return mapMembers(value, (_, ceiling) => wordedAccess(ceiling, names))
  }
  return mapMembers(details, worded)
}

function wordedAccess(access: unknown, names: Names): unknown {
  if (access === 'full') return 'Full access'
  if (!isRecord(access)) return access
  const levels: Readonly<Record<string, string>> = LEVEL_TITLES
  return Object.fromEntries(
    Object.entries(access).map(([id, level]) => [names.permission(id), levels[String(level)] ?? level]),
  )
}

function mapMembers(record: Details, change: (name: string, value: unknown) => unknown): Details {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(name, value)]))
}

/** A value of an entry's details, readable: what is in it one below the other, without what there is none of. */
export function ValueText(props: { readonly value: unknown; readonly names: Names }): ReactElement {
  const { value, names } = props
  if (typeof value === 'string') return <TextValue text={value} names={names} />
  const parts = partsOf(value)
  if (parts === null || parts.length === 0) return <>{plainText(value)}</>
  return (
    <ul className="audit-values">
      {parts.map(([name, part]) => (
        <li key={name}>
          {isRecord(value) && `${readableName(name)}: `}
          <ValueText value={part} names={names} />
        </li>
      ))}
    </ul>
  )
}

function TextValue({ text, names }: { readonly text: string; readonly names: Names }): ReactElement {
  if (MOMENT.test(text)) return <Time value={text} look="local" />
  const name = text.startsWith('usr_') ? names.person(text) : names.of(text)
  return name === null ? <>{plainText(text)}</> : <span title={text}>{name}</span>
}

/** What a value is made of; null for what stands in a line. */
function partsOf(value: unknown): (readonly [name: string, part: unknown])[] | null {
  if (Array.isArray(value)) {
    const items = value as readonly unknown[]
    return items.some(isRecord) ? items.map((item, index) => [String(index), item]) : null
  }
  return isRecord(value) ? Object.entries(value).filter(([, part]) => part !== null) : null
}

/** A value in a line. */
export function plainText(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return MOMENT.test(value) ? formatTime(value) : value || 'Empty'
  if (Array.isArray(value)) return value.length === 0 ? 'None' : value.map(plainText).join(', ')
  const parts = partsOf(value) ?? []
  if (parts.length === 0) return 'None'
  return parts.map(([name, part]) => `${readableName(name)}: ${plainText(part)}`).join(', ')
}
