import type { AuditPolicyRow } from '../storage/schema.js'

/** Which allowed calls of a workspace's keys are recorded. Denied ones always are. */
export interface CallPolicy {
  readonly calls: 'all' | 'sampled' | 'writes'
  /** The share of allowed calls that are recorded when sampled, from 0 to 1. */
  readonly sampleRate: number
}

/** What a workspace wants of its log. */
export interface AuditPolicy extends CallPolicy {
  /** How long entries are kept, in days; null for ever. */
  readonly retentionDays: number | null
  /** While true nothing is deleted or erased, whatever its age. */
  readonly legalHold: boolean
}

/** What holds where a workspace has not said otherwise: everything, for ever. */
export const DEFAULT_POLICY: AuditPolicy = {
  calls: 'all',
  sampleRate: 1,
  retentionDays: null,
  legalHold: false,
}

/** The policy that a row holds. */
export function policyOf(row: AuditPolicyRow | undefined): AuditPolicy {
  if (row === undefined) return DEFAULT_POLICY
  return {
    calls: row.calls,
    sampleRate: Number(row.sample_rate),
    retentionDays: row.retention_days,
    legalHold: row.legal_hold === 1,
  }
}
