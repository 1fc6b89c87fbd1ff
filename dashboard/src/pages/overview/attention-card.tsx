import type { AttentionItem, AttentionView, KeyView } from '@bitting/client'
import { Link } from '@tanstack/react-router'
import { useState, type ReactElement } from 'react'
import { describeError } from '../../api/problem.js'
import { queryClient } from '../../api/query-client.js'
import { formatCount } from '../../format.js'
import { Badge } from '../../ui/badge.js'
import { Card } from '../../ui/card.js'
import { EmptyState } from '../../ui/empty-state.js'
import { toast } from '../../ui/toast.js'
import { DeleteKeyDialog, keyQuery, RotateKeyDialog, useKeyActions } from '../key-actions/index.js'
import { EditKeyDialog } from '../key-editor/index.js'
import { AttentionGroup } from './attention-group.js'
import { REASONS, type NextStep } from './attention-reasons.js'

interface Begun {
  readonly step: NextStep
  readonly apiKey: KeyView
}

/** The keys that deserve a look, by reason, the gravest first, each with what helps. */
export function AttentionCard({ attention }: { readonly attention: AttentionView }): ReactElement {
  const { counts, data, live_keys: live } = attention
  const [begun, setBegun] = useState<Begun | null>(null)
  const actions = useKeyActions()
  const groups = REASONS.filter(({ reason }) => counts[reason] > 0)
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0)

  async function begin(step: NextStep, { key_id: id }: AttentionItem): Promise<void> {
    try {
      const apiKey = await queryClient.query({ ...keyQuery(id), staleTime: 0 })
      if (actions(apiKey).has(step.does)) setBegun({ step, apiKey })
      else toast('Your role does not allow this with this key. An owner or admin can.', { bad: true })
    } catch (error) {
      toast(describeError(error), { bad: true })
    }
  }

  return (
    <Card
      title="What needs attention"
      actions={all === 0 ? undefined : <Badge tone="warn">{formatCount(all, 'thing')}</Badge>}
      flush
    >
      {groups.length === 0 ? (
        <AllClear live={live} />
      ) : (
        groups.map((words) => (
          <AttentionGroup
            key={words.reason}
            words={words}
            count={counts[words.reason]}
            items={data.filter(({ reason }) => reason === words.reason)}
            onStep={begin}
          />
        ))
      )}
      <StepDialogs begun={begun} onDone={() => setBegun(null)} />
    </Card>
  )
}

function AllClear({ live }: { readonly live: number }): ReactElement {
  return (
    <EmptyState
      icon="check"
      title="Nothing needs attention"
      action={
        <Link to="/keys" className="button secondary">
          <span>Look at the keys</span>
        </Link>
      }
    >
      {formatCount(live, 'live key')}: none of them has leaked, is idle or old, or has more than it uses.
    </EmptyState>
  )
}

function StepDialogs({
  begun,
  onDone,
}: {
  readonly begun: Begun | null
  readonly onDone: () => void
}): ReactElement {
  const keyIf = (does: NextStep['does']): KeyView | null => (begun?.step.does === does ? begun.apiKey : null)
  const edited = keyIf('edit')
  return (
    <>
      {edited !== null && (
        <EditKeyDialog
          keyId={edited.id}
          open
          part={begun?.step.part}
          onOpenChange={(open) => {
            if (!open) onDone()
          }}
        />
      )}
      <RotateKeyDialog apiKey={keyIf('rotate')} onDone={onDone} />
      <DeleteKeyDialog apiKey={keyIf('delete')} onDone={onDone} />
    </>
  )
}
