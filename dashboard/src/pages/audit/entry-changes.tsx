import type { AuditEntry } from '@bitting/core'
import type { ReactElement } from 'react'
import { Card } from '../../ui/card.js'
import { DiffList, type Change } from '../../ui/diff-list.js'
import { isRecord, plainText, readableName } from './value-text.js'

/** What a change made of what was there before, member by member; nothing for entries that are no change. */
export function EntryChanges({ entry: { details } }: { readonly entry: AuditEntry }): ReactElement | null {
  const { before, after } = details
  if (!isRecord(before) || !isRecord(after)) return null
  const changes = changesOf(before, after)
  return (
    <Card title="What changed">
      {changes.length === 0 ? (
        <p className="hint">Nothing that the log shows.</p>
      ) : (
        <DiffList changes={changes} />
      )}
    </Card>
  )
}

/** The members that differ, nested ones by their way: `Access · Call`. */
export function changesOf(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  way: readonly string[] = [],
): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((name) => {
    const [was, is] = [before[name], after[name]]
    if (JSON.stringify(was) === JSON.stringify(is)) return []
    const path = [...way, readableName(name)]
    if (isRecord(was) && isRecord(is)) return changesOf(was, is, path)
    const change: Change = {
      field: path.join(' · '),
      ...(was !== undefined && { before: textOf(was) }),
      ...(is !== undefined && { after: textOf(is) }),
    }
    return [change]
  })
}

function textOf(value: unknown): string {
  return plainText(value) ?? JSON.stringify(value)
}
