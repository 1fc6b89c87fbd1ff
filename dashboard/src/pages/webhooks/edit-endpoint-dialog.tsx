import type { Page, WebhookEndpointView } from '@bitting/client'
import type { AuditEntry } from '@bitting/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactElement } from 'react'
import { isRefusal } from '../../api/problem.js'
import { get, path, send } from '../../api/transport.js'
import { ActorName } from '../../people/actor-name.js'
import { useCan } from '../../session/session.js'
import { Button } from '../../ui/button.js'
import { DiffList } from '../../ui/diff-list.js'
import { Notice } from '../../ui/notice.js'
import { toast } from '../../ui/toast.js'
import { useAct } from '../key-actions/use-act.js'
import { changedFields, draftOf, FIELD_LABELS, requestOf, type EndpointDraft } from './endpoint-draft.js'
import { EndpointFormDialog } from './endpoint-form-dialog.js'
import { webhooksChanged } from './queries.js'

/** Changes an endpoint. What somebody else changed meanwhile is shown before anything is saved. */
export function EditEndpointDialog(props: {
  readonly endpoint: WebhookEndpointView
  readonly onClose: () => void
}): ReactElement {
  const [base, setBase] = useState(props.endpoint)
  const [draft, setDraft] = useState(() => draftOf(base))
  const [theirs, setTheirs] = useState<WebhookEndpointView | null>(null)
  const act = useAct()
  const changed = changedFields(draftOf(base), draft)
  const to = path`/v1/webhook-endpoints/${base.id}`

  async function save(): Promise<void> {
    const body = pick(requestOf(draft), changed)
    try {
      await send<WebhookEndpointView>({ method: 'PATCH', path: to, body, version: base.version })
    } catch (error) {
      if (!isRefusal(error, 'version_conflict')) throw error
      setTheirs(await get<WebhookEndpointView>(to))
      return
    }
    await webhooksChanged()
    toast('The endpoint was changed.')
    props.onClose()
  }

  function settle(now: WebhookEndpointView, mine: Partial<EndpointDraft>): void {
    setBase(now)
    setDraft({ ...draftOf(now), ...mine })
    setTheirs(null)
  }

  return (
    <EndpointFormDialog
      title="Edit the endpoint"
      submit="Save changes"
      draft={draft}
      onChange={(part) => {
        setDraft({ ...draft, ...part })
        act.reset()
      }}
      headerNames={base.header_names}
      dirty={changed.length > 0}
      act={act}
      onSubmit={() => (changed.length === 0 ? props.onClose() : act.run(save))}
      onClose={props.onClose}
      conflict={
        theirs === null ? undefined : (
          <Conflict
            base={base}
            theirs={theirs}
            onUseTheirs={() => settle(theirs, {})}
            onApplyMine={() => settle(theirs, pick(draft, changed))}
          />
        )
      }
    />
  )
}

function Conflict(props: {
  readonly base: WebhookEndpointView
  readonly theirs: WebhookEndpointView
  readonly onUseTheirs: () => void
  readonly onApplyMine: () => void
}): ReactElement {
  const { base, theirs } = props
  const [before, after] = [draftOf(base), draftOf(theirs)]
  const can = useCan()
  const last = useQuery({
    queryKey: ['audit', 'last', theirs.id, theirs.version],
    queryFn: ({ signal }) =>
      get<Page<AuditEntry>>('/v1/audit', { resource: theirs.id, outcome: 'success', limit: 1 }, signal),
    enabled: can('audit:read'),
  })
  const entry = last.data?.data[0]
  return (
    <Notice tone="warn" alert title="This endpoint was changed since you read it">
      <div className="webhooks-part" ref={intoView}>
        <p>
          {entry !== undefined && (
            <>
              By <ActorName id={entry.actor.id} />.{' '}
            </>
          )}
          Nothing of yours was saved. This is what is different:
        </p>
        <DiffList
          changes={changedFields(before, after).map((name) => ({
            field: FIELD_LABELS[name],
            before: String(before[name] ?? 'Set'),
            after: String(after[name] ?? 'Set'),
          }))}
        />
        <div className="actions">
          <Button small onClick={props.onUseTheirs}>
            Use theirs
          </Button>
          <Button small variant="primary" onClick={props.onApplyMine}>
            Apply mine on top
          </Button>
        </div>
      </div>
    </Notice>
  )
}

/** The form may have been scrolled to its end. */
function intoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'center' })
}

/** Some members of an object. */
function pick<T extends object>(from: T, names: readonly string[]): Partial<T> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name))) as Partial<T>
}
