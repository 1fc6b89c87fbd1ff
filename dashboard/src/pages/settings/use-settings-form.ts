import type { UpdateWorkspaceRequest, WorkspaceView } from '@bitting/client'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { fieldErrors, isRefusal } from '../../api/problem.js'
import { get, send } from '../../api/transport.js'
import { toast } from '../../ui/toast.js'
import { workspaceQuery } from './workspace-query.js'

/** A part of the workspace's settings while it is edited. */
export interface SettingsForm<T> {
  readonly draft: T
  readonly edit: (change: Partial<T>) => void
  readonly dirty: boolean
  readonly pending: boolean
  /** What the server refused, as it was; null for nothing. */
  readonly error: unknown
  /** Flaws by the name of the field in the request. */
  readonly fields: Readonly<Record<string, string>>
  /** What somebody else saved meanwhile where this form is being edited; null where nobody did. */
  readonly conflict: { readonly before: T; readonly now: T } | null
  readonly keepMine: () => void
  readonly takeTheirs: () => void
  readonly save: () => Promise<boolean>
}

/** What a form of the workspace's settings is about. */
export interface SettingsFormOptions<T extends object> {
  readonly workspace: WorkspaceView
  /** The form's part of the workspace. */
  readonly read: (workspace: WorkspaceView) => T
  /** What to send; also what is typed and never read back. */
  readonly write: (draft: T) => UpdateWorkspaceRequest
  /** What to say when it is done. */
  readonly done: string
}

/**
 * Edits a part of the workspace's settings. A part that nobody edits follows what others save. Where somebody else saved
 * the same part, it says so and lets the person choose; changes of other parts are no conflict.
 *
 * What was typed lives here alone and never in a cache: it may be a credential.
 */
export function useSettingsForm<T extends object>(options: SettingsFormOptions<T>): SettingsForm<T> {
  const { workspace, read, write, done } = options
  const client = useQueryClient()
  const live = read(workspace)
  const [{ base, draft }, setState] = useState({ base: live, draft: live })
  const [pending, setPending] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const dirty = !same(base, draft)
  const isBehind = !same(base, live)
  if (isBehind && (!dirty || same(draft, live))) setState({ base: live, draft: live })

  async function save(): Promise<boolean> {
    setPending(true)
    setError(null)
    try {
      const saved = await saveWorkspace(workspace, write(draft), (fresh) => same(read(fresh), base))
      client.setQueryData(workspaceQuery.queryKey, saved)
      setState({ base: read(saved), draft: read(saved) })
      toast(done)
      return true
    } catch (failure) {
      if (isRefusal(failure, 'version_conflict')) await client.refetchQueries(workspaceQuery)
      setError(failure)
      return false
    } finally {
      setPending(false)
    }
  }

  const conflict = dirty && isBehind ? { before: base, now: live } : null
  return {
    draft,
    edit: (change) => setState((state) => ({ ...state, draft: { ...state.draft, ...change } })),
    dirty,
    pending,
    error: conflict === null && !isRefusal(error, 'version_conflict') ? error : null,
    fields: fieldErrors(error),
    conflict,
    keepMine: () => {
      setError(null)
      setState({ base: live, draft })
    },
    takeTheirs: () => {
      setError(null)
      setState({ base: live, draft: live })
    },
    save,
  }
}

/**
 * Saves what the person saw the settings of. Where others have changed the workspace, but nothing of this form, it is
 * saved on top of theirs.
 */
async function saveWorkspace(
  { version }: WorkspaceView,
  body: UpdateWorkspaceRequest,
  isUntouched: (fresh: WorkspaceView) => boolean,
): Promise<WorkspaceView> {
  const attempt = (at: number): Promise<WorkspaceView> =>
    send({ method: 'PATCH', path: '/v1/workspace', body, version: at })
  try {
    return await attempt(version)
  } catch (error) {
    if (!isRefusal(error, 'version_conflict')) throw error
    const fresh = await get<WorkspaceView>('/v1/workspace')
    if (!isUntouched(fresh)) throw error
    return await attempt(fresh.version)
  }
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}
