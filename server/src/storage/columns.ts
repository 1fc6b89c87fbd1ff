import type { Access, Ceilings, Conditions, OverlayMapping } from '@bitting/core'
import type { KeyRow, WorkspaceRow } from './schema.js'

/** The access that a row holds: the word `full`, or a list as JSON. */
export function accessOf(text: string): Access {
  return text === 'full' ? 'full' : (JSON.parse(text) as Access)
}

/** How an access is stored. */
export function accessText(access: Access): string {
  return access === 'full' ? 'full' : JSON.stringify(access)
}

/** The conditions that a row holds. */
export function conditionsOf(row: KeyRow): Conditions {
  return {
    allowedAddresses: addressesOf(row),
    notBefore: row.not_before,
    expiresAt: row.expires_at,
  }
}

/** The allow-list that a row holds. */
export function addressesOf(row: KeyRow): string[] | null {
  return row.allowed_addresses === null ? null : (JSON.parse(row.allowed_addresses) as string[])
}

/** The ceilings that a row holds. */
export function ceilingsOf(row: WorkspaceRow): Ceilings {
  return JSON.parse(row.ceilings) as Ceilings
}

/** The overlay that a row holds. */
export function overlayOf(row: WorkspaceRow): readonly OverlayMapping[] {
  return JSON.parse(row.overlay) as OverlayMapping[]
}

/** What a sealed upstream credential is bound to. */
export function upstreamSealingContext(workspaceId: string): string {
  return `upstream:${workspaceId}`
}

/** What a sealed digest is bound to, so that it cannot be moved to another secret or workspace. */
export function secretSealingContext(workspaceId: string, secretId: string): string {
  return `secret:${workspaceId}:${secretId}`
}
