import { LEVEL_TITLES, type Access, type Catalog, type Operation } from '@bitting/core'
import type { ReactElement } from 'react'
import { formatCount, formatTime } from '../../format.js'
import { Badge } from '../../ui/badge.js'
import { DiffList, type Change } from '../../ui/diff-list.js'
import { accessDiff, operationsBeyond, type LevelChange } from './access-diff.js'
import { changedSettings, type KeySettings } from './key-settings.js'
import { OperationList } from './operation-list.js'

/** What changes take. */
export interface KeyChangesProps {
  readonly before: KeySettings
  readonly after: KeySettings
  readonly catalog: Catalog
}

/** What is different between two states of a key, and which calls come and go with it. */
export function KeyChanges({ before, after, catalog }: KeyChangesProps): ReactElement {
  const plain = plainChanges(before, after)
  return (
    <div className="key-changes">
      <AccessChanges before={before.access} after={after.access} catalog={catalog} />
      {plain.length > 0 && <DiffList changes={plain} />}
    </div>
  )
}

function AccessChanges(props: {
  readonly before: Access
  readonly after: Access
  readonly catalog: Catalog
}): ReactElement | null {
  const { before, after, catalog } = props
  const { full, gained, lost } = accessDiff(before, after)
  if (full === null && gained.length === 0 && lost.length === 0) return null
  return (
    <>
      <ul className="level-changes">
        {full !== null && (
          <li>
            <Badge tone={full === 'gained' ? 'good' : 'bad'}>{full === 'gained' ? 'Gains' : 'Loses'}</Badge>
            <span>Full access</span>
          </li>
        )}
        {lost.map((change) => (
          <LevelChangeItem key={change.permission} change={change} word="Loses" catalog={catalog} />
        ))}
        {gained.map((change) => (
          <LevelChangeItem key={change.permission} change={change} word="Gains" catalog={catalog} />
        ))}
      </ul>
      <CallChanges
        text="Will no longer be able to call"
        operations={operationsBeyond(catalog, before, after)}
        catalog={catalog}
      />
      <CallChanges
        text="Will be able to call"
        operations={operationsBeyond(catalog, after, before)}
        catalog={catalog}
      />
    </>
  )
}

function LevelChangeItem(props: {
  readonly change: LevelChange
  readonly word: 'Gains' | 'Loses'
  readonly catalog: Catalog
}): ReactElement {
  const { change, word, catalog } = props
  const title = catalog.permissions.find(({ id }) => id === change.permission)?.title ?? change.permission
  return (
    <li>
      <Badge tone={word === 'Gains' ? 'good' : 'bad'}>{word}</Badge>
      <span>
        {title}: {LEVEL_TITLES[change.before]} → {LEVEL_TITLES[change.after]}
      </span>
    </li>
  )
}

function CallChanges(props: {
  readonly text: string
  readonly operations: readonly Operation[]
  readonly catalog: Catalog
}): ReactElement | null {
  const { text, operations, catalog } = props
  if (operations.length === 0) return null
  return (
    <details className="disclosure">
      <summary>
        {text} {formatCount(operations.length, 'operation')}
      </summary>
      <OperationList operations={operations} catalog={catalog} />
    </details>
  )
}

function plainChanges(before: KeySettings, after: KeySettings): Change[] {
  const changed = changedSettings(before, after)
  const texts = (field: 'name' | 'addresses' | 'notBefore' | 'expiresAt' | 'note', name: string): Change[] =>
    changed.includes(field)
      ? [{ field: name, before: settingText(before, field), after: settingText(after, field) }]
      : []
  return [
    ...texts('name', 'Name'),
    ...texts('expiresAt', 'Expires'),
    ...texts('notBefore', 'Works from'),
    ...texts('addresses', 'Allowed addresses'),
    ...texts('note', 'Note'),
  ]
}

function settingText(settings: KeySettings, field: Exclude<keyof KeySettings, 'access'>): string {
  switch (field) {
    case 'name':
      return settings.name
    case 'note':
      return settings.note === '' ? 'none' : settings.note
    case 'addresses':
      return settings.addresses?.join(', ') ?? 'anywhere'
    case 'notBefore':
      return settings.notBefore === null ? 'at once' : formatTime(settings.notBefore)
    case 'expiresAt':
      return settings.expiresAt === null ? 'never' : formatTime(settings.expiresAt)
  }
}
