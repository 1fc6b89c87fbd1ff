import { useQuery } from '@tanstack/react-query'
import { useBlocker } from '@tanstack/react-router'
import type { ReactElement, ReactNode } from 'react'
import { formatExactTime } from '../../format.js'
import { findLastEdit } from '../../people/last-edit.js'
import { FormProblem } from '../../session/form-problem.js'
import { useSession } from '../../session/session.js'
import { Button } from '../../ui/button.js'
import { DiffList, type Change } from '../../ui/diff-list.js'
import { Notice } from '../../ui/notice.js'
import { DiscardDialog } from '../key-editor/discard-dialog.js'
import type { SettingsForm } from './use-settings-form.js'

/** What the frame of a form takes. */
export interface SettingsFrameProps<T> {
  readonly form: SettingsForm<T>
  /** What differs between two states of the form, in words. */
  readonly describe: (before: T, after: T) => readonly Change[]
  readonly children: ReactNode
  /** Asked instead of saving where something has to be confirmed first. */
  readonly onSubmit?: (() => void) | undefined
}

/** A form of settings with its buttons, what went wrong, and what somebody else saved meanwhile. */
export function SettingsFrame<T>(props: SettingsFrameProps<T>): ReactElement {
  const { form, describe, children, onSubmit } = props
  const { conflict } = form
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        if (onSubmit === undefined) void form.save()
        else onSubmit()
      }}
    >
      {children}
      <LeaveGuard dirty={form.dirty} />
      {form.error !== null && <FormProblem error={form.error} />}
      {conflict !== null && (
        <SettingsConflict
          changes={describe(conflict.before, conflict.now)}
          onTake={form.takeTheirs}
          onKeep={form.keepMine}
        />
      )}
      {form.dirty && conflict === null && (
        <div className="actions">
          <Button type="submit" variant="primary" pending={form.pending}>
            Save
          </Button>
          <Button onClick={form.takeTheirs}>Discard</Button>
        </div>
      )}
    </form>
  )
}

/** Asks before somebody leaves what they edited and did not save. */
function LeaveGuard({ dirty }: { readonly dirty: boolean }): ReactElement {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname,
    withResolver: true,
    enableBeforeUnload: false,
  })
  return (
    <DiscardDialog
      open={blocker.status === 'blocked'}
      onKeep={() => blocker.reset?.()}
      onDiscard={() => blocker.proceed?.()}
    />
  )
}

/** Tells who changed the settings meanwhile and what, and lets the person choose. */
export function SettingsConflict(props: {
  readonly changes: readonly Change[]
  readonly onTake: () => void
  readonly onKeep: () => void
}): ReactElement {
  const who = useLastChange()
  return (
    <Notice tone="warn" title="Changed meanwhile" alert>
      <div className="form">
        <p>{who} saved other settings while you were editing. Yours are not saved yet.</p>
        <DiffList changes={props.changes} />
        <div className="actions">
          <Button small onClick={props.onTake}>
            Look at the new version
          </Button>
          <Button small variant="primary" onClick={props.onKeep}>
            Keep my edits
          </Button>
        </div>
      </div>
    </Notice>
  )
}

/** Who changed the workspace last and when, as the beginning of a sentence. */
function useLastChange(): string {
  const session = useSession()
  const { id } = session.workspace
  const last = useQuery({
    queryKey: ['last-change', id],
    queryFn: () => findLastEdit(id, null, session),
    staleTime: 0,
    gcTime: 0,
  })
  if (last.data === undefined) return 'Somebody'
  const { who, at } = last.data
  return at === null ? who : `${who} (${formatExactTime(at)})`
}
