import type { AttentionReason } from '@bitting/client'

/** Every reason to look at a key, the gravest first. */
export const ATTENTION_REASONS: readonly AttentionReason[] = [
  'compromised',
  'denied_spike',
  'expires_soon',
  'unrestricted',
  'over_scoped',
  'old',
  'idle',
  'never_expires',
]

/** Where the reasons begin. docs/attention.md explains each. */
export const ATTENTION_LIMITS = {
  /** A secret older than this is old. */
  old_days: 90,
  /** A key that nobody used or was denied a call with for so long is idle, */
  idle_days: 30,
  /** and one that never was, after so long. */
  never_used_days: 7,
  /** A key is over-scoped only once it had so long to use what it was given, */
  over_scoped_age_days: 14,
  /** and what it did not use for so long is unused. */
  over_scoped_unused_days: 30,
  /** Fewer denials than this in 24 hours are no spike, */
  denied_spike_least: 20,
  /** nor are those that are not more than so many times the daily mean */
  denied_spike_times: 5,
  /** of so many days before. */
  denied_spike_days: 7,
  /** A key that expires within this expires soon. */
  expires_soon_days: 7,
} as const

/** The most keys that are told at once. */
export const ATTENTION_ITEMS_MAX = 200

/** The seconds of a day. */
export const DAY_SECONDS = 86_400
