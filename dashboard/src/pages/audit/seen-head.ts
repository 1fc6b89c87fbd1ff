/** A checkpoint that this browser saw and found good. Neither part is a secret. */
export interface SeenHead {
  /** The signed note. */
  readonly note: string
  readonly verifierKey: string
}

const PREFIX = 'bitting-audit-seen:'

/** The newest checkpoint of a workspace's log that this browser found good; null where it keeps none. */
export function readSeenHead(workspaceId: string): SeenHead | null {
  try {
    const stored = JSON.parse(
      localStorage.getItem(PREFIX + workspaceId) ?? 'null',
    ) as Partial<SeenHead> | null
    const { note, verifierKey } = stored ?? {}
    return typeof note === 'string' && typeof verifierKey === 'string' ? { note, verifierKey } : null
  } catch {
    return null
  }
}

/** Keeps a checkpoint, to compare the next one with it. */
export function keepSeenHead(workspaceId: string, { note, verifierKey }: SeenHead): void {
  try {
    localStorage.setItem(PREFIX + workspaceId, JSON.stringify({ note, verifierKey }))
  } catch {
    // Where nothing can be kept, each check begins anew.
  }
}
