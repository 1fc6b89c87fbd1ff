import type { AuditEntry } from '@bitting/core'
import type { ReactElement } from 'react'
import { Card } from '../../ui/card.js'
import { DiffList, type Change } from '../../ui/diff-list.js'
import type { Names } from './names.js'
import { isRecord, plainText, readableName, wordedDetails, type Details } from './value-text.js'

const NAMES_SHOWN = 3

/** What a change made of what was there before, member by member; nothing for entries that are no change. */
export function EntryChanges(props: {
  readonly entry: AuditEntry
  readonly names: Names
}): ReactElement | null {
  const { entry, names } = props
  const { before, after } = entry.details
  if (!isRecord(before) || !isRecord(after)) return null
  const changes = changesOf(wordedDetails(before, names), wordedDetails(after, names))
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
export function changesOf(before: Details, after: Details, way: readonly string[] = []): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((name) => {
    const [was, is] = [before[name], after[name]]
    if (JSON.stringify(was) === JSON.stringify(is)) return []
    const path = [...way, readableName(name)]
    if (isRecord(was) && isRecord(is)) return changesOf(was, is, path)
    const change: Change = {
      field: path.join(' · '),
      ...(was !== undefined && { before: plainText(was) }),
      ...(is !== undefined && { after: plainText(is) }),
    }
    return [change]
  })
}

/** Names of what differs, as the end of a sentence: `access, expires at`. Empty where the log shows nothing. */
export function changedText({ before, after }: Details): string {
  if (!isRecord(before) || !isRecord(after)) return ''
  const names = changedNames(before, after)
  const shown = names.slice(0, NAMES_SHOWN).join(', ')
  return names.length > NAMES_SHOWN ? `${shown} and ${String(names.length - NAMES_SHOWN)} more` : shown
}

function changedNames(before: Details, after: Details): string[] {
  // A secret has no value before: that it changed is said by a member of its own.
  const secrets = after['upstream_key_changed'] === true ? ['upstream key'] : []
  const others = Object.keys(before).flatMap((name) => {
    const [was, is] = [before[name], after[name]]
    if (JSON.stringify(was) === JSON.stringify(is)) return []
    if (name === 'conditions' && isRecord(was) && isRecord(is)) return changedNames(was, is)
    return [readableName(name).toLowerCase()]
  })
  return [...others, ...secrets]
}
