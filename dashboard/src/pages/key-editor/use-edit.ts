import type { KeyView } from '@bitting/client'
import { useState } from 'react'
import { isRefusal } from '../../api/problem.js'
import { get, path } from '../../api/transport.js'
import { useSession } from '../../session/session.js'
import { useAct, type Act } from '../key-actions/use-act.js'
import { draftOf, draftSettings } from './key-draft.js'
import { changedSettings, mergeSettings, settingsOf, type KeySettings } from './key-settings.js'
import { findLastEdit, type LastEdit } from '../../people/last-edit.js'
import { saveKey } from './save-key.js'
import { useKeyDraft, type DraftState } from './use-key-draft.js'

/** That somebody changed the key meanwhile. */
export interface Conflict {
  readonly theirs: KeyView
  readonly edit: LastEdit
}

/** A key while it is being changed. */
export interface Edit extends Omit<DraftState, 'replace' | 'check'> {
  /** The version that is being changed. */
  readonly base: KeyView
  readonly settings: KeySettings
  readonly changed: readonly (keyof KeySettings)[]
  readonly conflict: Conflict | null
  readonly act: Act
  readonly save: () => void
  /** Goes on from what the other person made of the key, with or without one's own changes. */
  readonly settle: (keepMine: boolean) => void
}

/** Follows the change of a key: which version it is of, and what somebody else did meanwhile. */
export function useEdit(formId: string, first: KeyView, onSaved: () => void): Edit {
  const session = useSession()
  const [base, setBase] = useState(first)
  const [conflict, setConflict] = useState<Conflict | null>(null)
  const act = useAct()
  const before = settingsOf(base)
  const { replace, check, ...form } = useKeyDraft(formId, () => draftOf(first, before), before)
  const settings = draftSettings(form.draft, Date.now())

  async function save(): Promise<void> {
    try {
      await saveKey(base, settings)
      onSaved()
    } catch (error) {
      if (!isRefusal(error, 'version_conflict')) throw error
      const theirs = await get<KeyView>(path`/v1/keys/${base.id}`)
      setConflict({ theirs, edit: await findLastEdit(base.id, 'key.update', session) })
    }
  }

  return {
    ...form,
    base,
    settings,
    changed: changedSettings(before, settings),
    conflict,
    act,
    change: (part) => {
      form.change(part)
      act.reset()
    },
    save: () => {
      if (conflict === null && check()) act.run(save)
    },
    settle: (keepMine) => {
      if (conflict === null) return
      const theirs = settingsOf(conflict.theirs)
      setBase(conflict.theirs)
      setConflict(null)
      replace(draftOf(conflict.theirs, keepMine ? mergeSettings(before, settings, theirs) : theirs))
    },
  }
}
