import type { KeyView, Page } from '@bitting/client'
import { accessIncludes } from '@bitting/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState, type ReactElement } from 'react'
import { get } from '../../api/transport.js'
import { useCan } from '../../session/session.js'
import { Badge } from '../../ui/badge.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { FilterBar } from '../../ui/filter-bar.js'
import { Notice } from '../../ui/notice.js'
import { QueryView } from '../../ui/query-view.js'
import { RadioGroup } from '../../ui/radio-group.js'
import { useKeyActions } from '../key-actions/index.js'
import { AccessSummary, CreateKeyDialog, ENVIRONMENT_TITLES } from '../key-editor/index.js'

const CANDIDATES = { kind: 'api', state: 'pre-activation,active,suspended', limit: 50 } as const

const opensNothing = ({ access }: KeyView): boolean => accessIncludes({}, access)

/** Asks which key is to sign. What that changes is asked next. */
export function ChooseKeyDialog({
  onClose,
}: {
  /** Called with the key that was chosen; with null where none was. */
  readonly onClose: (key: KeyView | null) => void
}): ReactElement {
  const [query, setQuery] = useState('')
  const [chosen, setChosen] = useState<string | null>(null)
  const [creating, setCreating] = useState(false)
  const keys = useCandidates(query)
  const key = keys.data?.find(({ id }) => id === chosen) ?? keys.data?.[0]
  return (
    <>
      <Dialog
        open={!creating}
        onClose={() => onClose(null)}
        title="Choose the webhook key"
        description={<p>Every receiver holds it, so the safe choice is a key that opens nothing.</p>}
        actions={
          <>
            <Button onClick={() => onClose(null)}>Cancel</Button>
            <Button variant="primary" disabled={key === undefined} onClick={() => onClose(key ?? null)}>
              Continue
            </Button>
          </>
        }
      >
        <FilterBar label="keys" search={{ value: query, onChange: setQuery, placeholder: 'Name or id' }} />
        <QueryView query={keys} title="The keys could not be loaded">
          {(data) => (
            <>
              {query === '' && !data.some(opensNothing) && <NoQuietKey onCreate={() => setCreating(true)} />}
              <Candidates keys={data} chosen={key?.id ?? ''} onChange={setChosen} searched={query !== ''} />
            </>
          )}
        </QueryView>
      </Dialog>
      <CreateKeyDialog open={creating} onOpenChange={setCreating} onCreated={(created) => onClose(created)} />
    </>
  )
}

/** The keys that can sign and that the person may set, those that open nothing first. */
function useCandidates(query: string) {
  const actionsOf = useKeyActions()
  const filter = { ...CANDIDATES, ...(query !== '' && { query }) }
  return useQuery({
    queryKey: ['keys', 'list', filter],
    queryFn: ({ signal }) => get<Page<KeyView>>('/v1/keys', filter, signal),
    placeholderData: keepPreviousData,
    select: ({ data }) =>
      data
        .filter((key) => actionsOf(key).has('set-webhook-key'))
        .toSorted((one, other) => Number(opensNothing(other)) - Number(opensNothing(one))),
  })
}

function Candidates(props: {
  readonly keys: readonly KeyView[]
  readonly chosen: string
  readonly onChange: (id: string) => void
  readonly searched: boolean
}): ReactElement {
  const { keys, chosen, onChange, searched } = props
  if (keys.length === 0) {
    return <p className="quiet-text">{searched ? 'No key that can sign matches.' : 'No key can sign.'}</p>
  }
  return (
    <RadioGroup
      legend="API key"
      value={chosen}
      onValueChange={onChange}
      choices={keys.map((key) => ({
        value: key.id,
        label: (
          <span className="webhooks-candidate">
            {key.name} {opensNothing(key) && <Badge tone="good">Recommended</Badge>}
          </span>
        ),
        hint: (
          <>
            {ENVIRONMENT_TITLES[key.environment]} · <AccessSummary access={key.access} focusable={false} />
          </>
        ),
      }))}
    />
  )
}

function NoQuietKey({ onCreate }: { readonly onCreate: () => void }): ReactElement {
  const can = useCan()
  return (
    <Notice title="There is no API key without permissions that could sign">
      <p>Make one that is only for webhooks, and choose it.</p>
      {can('keys:edit') && (
        <Button small icon="plus" onClick={onCreate}>
          Create a key
        </Button>
      )}
    </Notice>
  )
}
