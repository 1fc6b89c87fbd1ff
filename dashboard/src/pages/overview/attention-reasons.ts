import type { AttentionItem, AttentionReason } from '@bitting/client'
import type { Tone } from '../../ui/badge.js'
import { formatCount, formatNumber, formatRelative } from '../../format.js'
import type { KeyPart } from '../key-editor/index.js'

/** What can be done about a key at once, what its button says, and which part of the key it changes. */
export interface NextStep {
  readonly does: 'edit' | 'rotate' | 'delete'
  readonly label: string
  readonly part?: KeyPart
}

/** What a reason to look at a key is called, why it matters, and what helps. */
export interface ReasonWords {
  readonly reason: AttentionReason
  readonly tone: Tone
  readonly title: string
  readonly why: string
  /** What helps; null where one has to look first. */
  readonly step: NextStep | null
  /** What was seen of a key. */
  readonly seen: (facts: AttentionItem['facts']) => string
}

/** The reasons, the gravest first. */
export const REASONS: readonly ReasonWords[] = [
  {
    reason: 'compromised',
    tone: 'bad',
    title: 'Compromised',
    why: 'Their secrets leaked. They open nothing any more; delete them once nobody needs the record at hand.',
    step: { does: 'delete', label: 'Delete' },
    seen: ({ revoked_at: at }) => (typeof at === 'string' ? `Revoked ${formatRelative(at)}` : ''),
  },
  {
    reason: 'denied_spike',
    tone: 'bad',
    title: 'Denied far more than usual',
    why: 'A caller lost something that it needs, or somebody tries what the key may not do.',
    step: null,
    seen: ({ denied, daily_mean: mean }) =>
      `${formatCount(numberOf(denied), 'denied call')} in 24 hours, ${formatNumber(numberOf(mean))} a day before`,
  },
  {
    reason: 'expires_soon',
    tone: 'warn',
    title: 'Expire soon',
    why: 'Calls are refused from then on. Give them more time, or move their callers to other keys.',
    step: { does: 'edit', label: 'Change the expiry', part: 'expiry' },
    seen: ({ expires_at: at }) => (typeof at === 'string' ? `Expires ${formatRelative(at)}` : ''),
  },
  {
    reason: 'unrestricted',
    tone: 'warn',
    title: 'Full access',
    why: 'Whoever gets hold of one can call everything. Most callers need a few permissions.',
    step: { does: 'edit', label: 'Restrict', part: 'access' },
    seen: ({ created_at: at }) => (typeof at === 'string' ? `Created ${formatRelative(at)}` : ''),
  },
  {
    reason: 'over_scoped',
    tone: 'warn',
    title: 'More than they use',
    why: 'They have permissions that nobody used for 30 days. What is not needed cannot be misused once it is gone.',
    step: { does: 'edit', label: 'Restrict', part: 'access' },
    seen: ({ unused }) => (Array.isArray(unused) ? `Unused: ${unused.join(', ')}` : ''),
  },
  {
    reason: 'old',
    tone: 'wait',
    title: 'Old secrets',
    why: 'The longer a secret is around, the more places have a copy. A rotation replaces it without an interruption.',
    step: { does: 'rotate', label: 'Rotate' },
    seen: ({ days }) => `Secret is ${formatCount(numberOf(days), 'day')} old`,
  },
  {
    reason: 'idle',
    tone: 'wait',
    title: 'Idle',
    why: 'Nobody called with them for a long time. A key that nobody needs is only a risk.',
    step: { does: 'delete', label: 'Delete' },
    seen: ({ days, last_used_at: at }) =>
      at === null
        ? `Never used in ${formatCount(numberOf(days), 'day')}`
        : `Unused for ${formatCount(numberOf(days), 'day')}`,
  },
  {
    reason: 'never_expires',
    tone: 'quiet',
    title: 'Never expire',
    why: 'An expiry ends a key that everybody forgot.',
    step: { does: 'edit', label: 'Set an expiry', part: 'expiry' },
    seen: ({ created_at: at }) => (typeof at === 'string' ? `Created ${formatRelative(at)}` : ''),
  },
]

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
