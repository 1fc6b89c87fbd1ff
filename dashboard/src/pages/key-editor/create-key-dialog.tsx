import type { CreateKeyRequest, KeyView, KeyWithToken } from '@bitting/client'
import { useId, useRef, useState, type ReactElement } from 'react'
import { send } from '../../api/transport.js'
import { keyChanged } from '../key-actions/queries.js'
import { useAct } from '../key-actions/use-act.js'
import { useCatalog } from './catalogs.js'
import { copyOf, draftSettings, EMPTY_DRAFT, type KeyDraft } from './key-draft.js'
import { KeyFormDialog } from './key-form-dialog.js'
import { KeyForm } from './key-form.js'
import { KeyKindField } from './key-kind-field.js'
import { KeySummary } from './key-summary.js'
import { useLimits } from './limits.js'
import { ProblemNotice } from './problem-notice.js'
import { TokenDialog } from './token-dialog.js'
import { serverFlaws, useKeyDraft } from './use-key-draft.js'
import { useOpenings } from './use-openings.js'

/** What the dialog for a new key takes. */
export interface CreateKeyDialogProps {
  readonly open: boolean
  /** Called with false when the form was given up, or when the new key's token was put away. */
  readonly onOpenChange: (open: boolean) => void
  /** Told of the new key when its token was put away. It never gets the token. */
  readonly onCreated?: ((key: KeyView) => void) | undefined
  /** A key whose settings the new one begins with. */
  readonly copyFrom?: KeyView | undefined
}

/** Adds a key, and then shows its token. */
export function CreateKeyDialog(props: CreateKeyDialogProps): ReactElement {
  return <CreateKey key={useOpenings(props.open)} {...props} />
}

/** The token is in the state here and in the dialog that shows it, until that is closed. */
function CreateKey({ open, onOpenChange, onCreated, copyFrom }: CreateKeyDialogProps): ReactElement {
  const [created, setCreated] = useState<KeyWithToken | null>(null)
  return (
    <>
      <CreateKeyForm
        open={open && created === null}
        onClose={() => onOpenChange(false)}
        onCreated={setCreated}
        copyFrom={copyFrom}
      />
      <TokenDialog
        created={created}
        onDone={() => {
          setCreated(null)
          onOpenChange(false)
          if (created !== null) onCreated?.(created.key)
        }}
      />
    </>
  )
}

function CreateKeyForm(props: {
  readonly open: boolean
  readonly onClose: () => void
  readonly onCreated: (created: KeyWithToken) => void
  readonly copyFrom: KeyView | undefined
}): ReactElement {
  const { open, onClose, onCreated, copyFrom } = props
  const id = useId()
  const nameRef = useRef<HTMLInputElement>(null)
  const [first] = useState(() => (copyFrom === undefined ? EMPTY_DRAFT : copyOf(copyFrom, Date.now())))
  const { draft, change, flaws, check, leave } = useKeyDraft(id, () => first)
  const catalog = useCatalog(draft.kind)
  const limits = useLimits(draft.kind, draft.environment)
  const { pending, error, run, reset } = useAct()
  const settings = draftSettings(draft, Date.now())
  const refused = serverFlaws(error)

  function submit(): void {
    if (!check() || limits.excess(settings.access).length > 0) return
    run(async () => {
      const request = { method: 'POST', path: '/v1/keys', body: createRequest(draft), creates: true } as const
      const created = await send<KeyWithToken>(request)
      keyChanged(created.key)
      onCreated(created)
    })
  }

  const onChange = (part: Partial<KeyDraft>): void => {
    change(part)
    reset()
  }
  return (
    <KeyFormDialog
      open={open}
      onClose={onClose}
      title={copyFrom === undefined ? 'Add an API key' : `Duplicate “${copyFrom.name}”`}
      dirty={draft !== first}
      formId={id}
      submit="Add key"
      pending={pending}
      disabled={catalog.data === undefined}
      initialFocus={nameRef}
    >
      <KeyForm
        id={id}
        draft={draft}
        onChange={onChange}
        onLeave={leave}
        flaws={{ ...flaws, ...refused }}
        limits={limits}
        catalog={catalog}
        isNew
        nameRef={nameRef}
        onSubmit={submit}
        problem={<ProblemNotice error={Object.keys(refused).length > 0 ? null : error} />}
        advanced={<KeyKindField draft={draft} onChange={onChange} />}
        review={(data) => <KeySummary draft={draft} settings={settings} catalog={data} />}
      />
    </KeyFormDialog>
  )
}

function createRequest(draft: KeyDraft): CreateKeyRequest {
  const { name, access, addresses, notBefore, expiresAt, note } = draftSettings(draft, Date.now())
  return {
    name,
    kind: draft.kind,
    environment: draft.environment,
    access,
    conditions: { allowed_addresses: addresses, not_before: notBefore },
    expires_at: expiresAt,
    note,
  }
}
