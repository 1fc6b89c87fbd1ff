import type { ReactElement } from 'react'
import type { Tone } from './badge.js'

/** A share of a whole, as a bar and in words. */
export function Meter({
  label,
  value,
  max,
  text,
  tone = 'good',
}: {
  readonly label: string
  readonly value: number
  readonly max: number
  /** The words: `12 of 40 scopes used`. */
  readonly text: string
  readonly tone?: Tone | undefined
}): ReactElement {
  const share = max <= 0 ? 0 : Math.min(1, Math.max(0, value / max))
  return (
    <div className="meter">
      <div className="meter-head">
        <span>{label}</span>
        <span className="quiet-text">{text}</span>
      </div>
      <div
        className="meter-track"
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={max}
        aria-valuenow={value}
        aria-valuetext={text}
      >
        <div className="meter-bar" data-tone={tone} style={{ width: `${String(share * 100)}%` }} />
      </div>
    </div>
  )
}
