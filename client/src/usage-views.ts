import type { Level } from '@bitting/core'

/** How often a permission was used, at one level, in one span of time. */
export interface UsagePoint {
  /** The beginning of the span, RFC 3339. */
  readonly at: string
  /** A permission; `any` for operations that every live key may call, `unmapped` for what no catalog maps, `refused` where the key was refused whatever it asked for. */
  readonly permission: string
  readonly level: Exclude<Level, 'none'>
  readonly allowed: number
  readonly denied: number
}

/** Use over time. Spans without use are left out. */
export interface UsageView {
  readonly since: string
  readonly until: string
  readonly step: 'hour' | 'day'
  readonly data: readonly UsagePoint[]
}

/** Which use is wanted. */
export interface UsageFilter {
  /** RFC 3339; seven days ago unless it is told. */
  readonly since?: string | undefined
  /** RFC 3339; now unless it is told. */
  readonly until?: string | undefined
  /** `hour` for up to eight days, else `day`, unless it is told. */
  readonly step?: 'hour' | 'day' | undefined
}

/** What deserves a look at a key. */
export type AttentionReason =
  | 'old'
  | 'idle'
  | 'unrestricted'
  | 'never_expires'
  | 'over_scoped'
  | 'denied_spike'
  | 'expires_soon'
  | 'compromised'

/** A key that deserves a look, and why. */
export interface AttentionItem {
  readonly reason: AttentionReason
  readonly key_id: string
  readonly key_name: string
  /** What was seen, in numbers and words: `{days: 412}`, `{unused: ["call:edit"]}`. */
  readonly facts: Readonly<Record<string, unknown>>
}

/** What needs attention in a workspace, the gravest first. */
export interface AttentionView {
  readonly counts: Readonly<Record<AttentionReason, number>>
  /** Up to 200 of them. */
  readonly data: readonly AttentionItem[]
  /** Live keys in all. */
  readonly live_keys: number
  /** As of when, RFC 3339. An answer is kept for up to 60 seconds while no key of the workspace changes. */
  readonly computed_at: string
}
