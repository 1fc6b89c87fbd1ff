import type { AuditEntry } from '@bitting/core'
import type { Cell } from '../output.js'
import { formatExact } from '../times.js'

/** Who acted, as people read it: the id, or what kind of actor it is where there is none. */
export function actorText({ actor }: AuditEntry): string {
  return actor.id ?? actor.type
}

/** What was acted on: for a call what was called, and the first parameter of its path. */
export function resourceText({ action, operation, resource }: AuditEntry): string {
  const what = action.startsWith('call.') ? (operation ?? 'an unmapped operation') : resource.type
  return resource.id === null ? what : `${what} ${resource.id}`
}

/** How it ended, with the reason where it failed. */
export function outcomeCell({ outcome, reason }: AuditEntry): Cell {
  if (outcome === 'success') return { text: 'success', tone: 'good' }
  return { text: reason === null ? 'failure' : `failure: ${reason}`, tone: 'bad' }
}

/** An entry in one line. */
export function entryLine(entry: AuditEntry): string {
  const outcome = outcomeCell(entry)
  const end = typeof outcome === 'string' ? outcome : outcome.text
  const parts = [
    String(entry.index),
    formatExact(entry.at),
    actorText(entry),
    entry.action,
    resourceText(entry),
    end,
  ]
  return parts.join('  ')
}
