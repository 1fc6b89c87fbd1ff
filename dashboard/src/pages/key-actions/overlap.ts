import type { KeyView } from '@bitting/client'
import { usedWithinADay } from './last-use.js'

/** For how long what was replaced stays good, in seconds. */
export type Overlap = '0' | '3600' | '86400' | '604800' | '2592000'

/** The choices of an overlap. */
export const OVERLAPS: readonly { readonly value: Overlap; readonly label: string }[] = [
  { value: '0', label: 'Now' },
  { value: '3600', label: '1 hour' },
  { value: '86400', label: '24 hours' },
  { value: '604800', label: '7 days' },
  { value: '2592000', label: '30 days' },
]

/** The overlap that fits how a key is used: a day where somebody called with it within a day, else an hour. */
export function usualOverlap(key: Pick<KeyView, 'last_used_at'>): Overlap {
  return usedWithinADay(key) ? '86400' : '3600'
}

/** When an overlap that begins now ends, as RFC 3339. */
export function endOf(overlap: Overlap): string {
  return new Date(Date.now() + Number(overlap) * 1000).toISOString()
}
