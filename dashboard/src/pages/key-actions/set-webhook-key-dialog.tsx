import type { KeyView, WebhookKeyView } from '@bitting/client'
import { accessIncludes } from '@bitting/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactElement } from 'react'
import { fieldErrors } from '../../api/problem.js'
import { get, path, send } from '../../api/transport.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { Notice } from '../../ui/notice.js'
import { QueryView } from '../../ui/query-view.js'
import { Select } from '../../ui/select.js'
import { Field } from '../../ui/field.js'
import { toast } from '../../ui/toast.js'
import { ActionProblem } from './action-problem.js'
import { KeyDialogHost, type KeyDialogContentProps, type KeyDialogProps } from './key-dialog.js'
import { NameField } from './name-field.js'
import { OVERLAPS, type Overlap } from './overlap.js'
import { keyChanged, webhookKeyQuery } from './queries.js'
import { useAct, type Act } from './use-act.js'
import { WebhookKeyMove } from './webhook-key-move.js'
import './key-actions.css'

/** Makes a key the one that signs the webhooks of the workspace. */
export function SetWebhookKeyDialog(props: KeyDialogProps): ReactElement {
  return <KeyDialogHost {...props} content={SetWebhookKey} />
}

function SetWebhookKey({ apiKey, open, onDone }: KeyDialogContentProps): ReactElement {
  const before = useQuery({ ...webhookKeyQuery, staleTime: 0, enabled: open })
  const [overlap, setOverlap] = useState<Overlap>('86400')
  const [typed, setTyped] = useState('')
  const act = useAct()
  const confirmed = before.data !== undefined && (before.data.key_id === null || typed === before.data.name)

  async function set({ key_id: keyId, version }: WebhookKeyView): Promise<void> {
    await send<WebhookKeyView>({
      method: 'PUT',
      path: '/v1/webhook-key',
      query: { confirm: keyId === null ? undefined : typed },
      body: { key_id: apiKey.id, overlap_seconds: keyId === null ? 0 : Number(overlap) },
      version,
    })
    const changed = await get<KeyView>(path`/v1/keys/${apiKey.id}`)
    keyChanged(changed)
    toast(`“${apiKey.name}” signs the webhooks now.`)
    onDone(changed)
  }

  function submit(): void {
    const current = before.data
    if (confirmed && current !== undefined) act.run(() => set(current))
  }

  return (
    <Dialog
      open={open}
      onClose={() => onDone(null)}
      title="Set as webhook key"
      description={<p>One key of the workspace signs its webhooks. Receivers verify with its secret.</p>}
      actions={
        <>
          <Button onClick={() => onDone(null)}>Cancel</Button>
          <Button variant="primary" pending={act.pending} disabled={!confirmed} onClick={submit}>
            Set as webhook key
          </Button>
        </>
      }
    >
      <QueryView query={before} title="The webhook key could not be loaded">
        {(current) => (
          <>
            <WebhookKeyMove apiKey={apiKey} before={current} overlap={overlap} />
            {current.name !== null && (
              <MoveFields {...{ current, overlap, setOverlap, typed, setTyped, act, submit }} />
            )}
          </>
        )}
      </QueryView>
      <OpensApi apiKey={apiKey} />
      <ActionProblem
        act={act}
        apiKey={{ version: before.data?.version ?? 0, updated_at: before.data?.set_at ?? apiKey.updated_at }}
        onReload={before.refetch}
      />
    </Dialog>
  )
}

function OpensApi({ apiKey: { access } }: Pick<KeyDialogContentProps, 'apiKey'>): ReactElement | null {
  if (accessIncludes({}, access)) return null
  return (
    <Notice tone="warn" title="This key opens the API">
      <p>Every receiver will hold it. A key with no permissions is the safe choice.</p>
    </Notice>
  )
}

function MoveFields(props: {
  readonly current: WebhookKeyView
  readonly overlap: Overlap
  readonly setOverlap: (overlap: Overlap) => void
  readonly typed: string
  readonly setTyped: (typed: string) => void
  readonly act: Act
  readonly submit: () => void
}): ReactElement {
  const { current, overlap, setOverlap, typed, setTyped, act, submit } = props
  return (
    <>
      <Field label="The key before signs too">
        {(control) => (
          <Select
            {...control}
            value={overlap}
            onValueChange={setOverlap}
            options={OVERLAPS.map(({ value, label }) => ({
              value,
              label: value === '0' ? 'No: it stops now' : `For ${label}`,
            }))}
          />
        )}
      </Field>
      <NameField
        name={current.name ?? ''}
        label="Type the name of the key that signs now"
        value={typed}
        onValueChange={setTyped}
        error={fieldErrors(act.error)['confirm']}
        onSubmit={submit}
      />
    </>
  )
}
