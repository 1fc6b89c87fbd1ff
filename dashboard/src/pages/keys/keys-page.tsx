import type { KeyView } from '@bitting/client'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState, type ReactElement } from 'react'
import { useCan } from '../../session/session.js'
import { Button } from '../../ui/button.js'
import { PageHeader } from '../../ui/page-header.js'
import {
  DeleteKeyDialog,
  RevokeKeyDialog,
  RotateKeyDialog,
  SetWebhookKeyDialog,
  SuspendKeyDialog,
  useResumeKey,
  type KeyAction,
} from '../key-actions/index.js'
import { CreateKeyDialog, EditKeyDialog } from '../key-editor/index.js'
import { KeyFilters } from './key-filters.js'
import { KeyList } from './key-list.js'
import { keysSearch } from './search.js'
import './keys.css'
import './keys-cards.css'

/** What a person is about to do with which key. */
interface Asked {
  readonly action: KeyAction
  readonly key: KeyView
}

/** The API keys of the workspace: what they may do, who uses them, and everything that can be done with them. */
export function KeysPage(): ReactElement {
  const search = useSearch({ from: '/app/keys' })
  const navigate = useNavigate({ from: '/keys' })
  const can = useCan()
  const [adding, setAdding] = useState(false)
  const [asked, setAsked] = useState<Asked | null>(null)
  const { resume } = useResumeKey()
  const add = can('keys:edit') ? (
    <Button variant="primary" icon="plus" onClick={() => setAdding(true)}>
      Add
    </Button>
  ) : undefined
  return (
    <div className="page">
      <PageHeader
        title="API Keys"
        description="Each key opens what you cut it to, and nothing else."
        actions={add}
      />
      <KeyFilters
        search={search}
        onChange={(changed) =>
          void navigate({ search: keysSearch({ ...search, ...changed }), replace: true })
        }
      />
      <KeyList
        search={search}
        onSort={(by, order) => void navigate({ search: keysSearch({ ...search, sort: by, order }) })}
        onShowAll={() => void navigate({ search: keysSearch({ ...search, view: 'all' }) })}
        onAct={(action, key) => {
          if (action === 'resume') resume(key)
          else setAsked({ action, key })
        }}
        add={add}
      />
      <CreateKeyDialog open={adding} onOpenChange={setAdding} />
      <KeyDialogs asked={asked} onDone={() => setAsked(null)} />
    </div>
  )
}

/** The dialogs about one key; each is closed while nothing is asked of it. */
function KeyDialogs({
  asked,
  onDone,
}: {
  readonly asked: Asked | null
  readonly onDone: () => void
}): ReactElement {
  const of = (action: KeyAction): KeyView | null => (asked?.action === action ? asked.key : null)
  const [edited, copied] = [of('edit'), of('duplicate')]
  return (
    <>
      {edited !== null && <EditKeyDialog open keyId={edited.id} onOpenChange={onDone} />}
      {copied !== null && <CreateKeyDialog open copyFrom={copied} onOpenChange={onDone} />}
      <RotateKeyDialog apiKey={of('rotate')} onDone={onDone} />
      <SuspendKeyDialog apiKey={of('suspend')} onDone={onDone} />
      <RevokeKeyDialog apiKey={of('revoke')} onDone={onDone} />
      <DeleteKeyDialog apiKey={of('delete')} onDone={onDone} />
      <SetWebhookKeyDialog apiKey={of('set-webhook-key')} onDone={onDone} />
    </>
  )
}
