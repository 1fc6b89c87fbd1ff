import type { Catalog } from '@bitting/core'
import { useEffect, useRef, type ReactElement } from 'react'
import { formatTime } from '../../format.js'
import { Button } from '../../ui/button.js'
import { Notice } from '../../ui/notice.js'
import { KeyChanges } from './key-changes.js'
import { settingsOf } from './key-settings.js'
import type { Edit } from './use-edit.js'

/** Tells what somebody else changed meanwhile, and lets the person choose. Nothing was saved yet. */
export function ConflictNotice(props: {
  readonly edit: Pick<Edit, 'base' | 'conflict' | 'settle'>
  readonly catalog: Catalog
  /** Called when a choice was made: the buttons are gone, and the focus needs a place. */
  readonly onSettled: () => void
}): ReactElement {
  const { base, conflict, settle } = props.edit
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (conflict !== null) place.current?.focus()
  }, [conflict])
  const at = conflict?.edit.at ?? null
  const when = at === null ? 'meanwhile' : `at ${formatTime(at)}, while you were editing`
  function choose(keepMine: boolean): void {
    settle(keepMine)
    props.onSettled()
  }
  return (
    <div ref={place} tabIndex={-1}>
      {conflict !== null && (
        <Notice tone="warn" alert title={`${conflict.edit.who} changed this key ${when}`}>
          <p>Nothing of yours was saved. This is what changed:</p>
          <KeyChanges before={settingsOf(base)} after={settingsOf(conflict.theirs)} catalog={props.catalog} />
          <div className="actions">
            <Button small onClick={() => choose(false)}>
              Use theirs
            </Button>
            <Button small variant="primary" onClick={() => choose(true)}>
              Apply mine on top
            </Button>
          </div>
        </Notice>
      )}
    </div>
  )
}
