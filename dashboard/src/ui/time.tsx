import { useEffect, useState, type ReactElement } from 'react'
import { formatExactTime, formatRelative, formatTime } from '../format.js'
import { Tooltip } from './tooltip.js'

/** What a time takes. */
export interface TimeProps {
  /** RFC 3339; null where it never was. */
  readonly value: string | null
  /** What stands for null, `Never` unless it is told. */
  readonly fallback?: string | undefined
  /** `relative` (3 minutes ago) unless it is told; `local` for date and time. */
  readonly look?: 'relative' | 'local' | undefined
  /** False in long lists, whose rows lead to where the exact time is: it is not a stop of the Tab key there. */
  readonly focusable?: boolean | undefined
}

/** A moment, in words; its exact time shows under the pointer and with the focus. */
export function Time({
  value,
  fallback = 'Never',
  look = 'relative',
  focusable = true,
}: TimeProps): ReactElement {
  const [, setMinute] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setMinute((minute) => minute + 1), 60_000)
    return () => clearInterval(timer)
  }, [])
  if (value === null) return <span className="quiet-text">{fallback}</span>
  const text = look === 'relative' ? formatRelative(value) : formatTime(value)
  if (!focusable) {
    return (
      <time dateTime={value} title={formatExactTime(value)}>
        {text}
      </time>
    )
  }
  return (
    <Tooltip text={formatExactTime(value)}>
      <time className="time" dateTime={value} tabIndex={0}>
        {text}
      </time>
    </Tooltip>
  )
}
