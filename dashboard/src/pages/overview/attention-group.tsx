import type { AttentionItem } from '@bitting/client'
import { Link } from '@tanstack/react-router'
import { useId, useState, type ReactElement } from 'react'
import { formatCount } from '../../format.js'
import { useCan, useSession } from '../../session/session.js'
import { Badge } from '../../ui/badge.js'
import { Button } from '../../ui/button.js'
import type { NextStep, ReasonWords } from './attention-reasons.js'

const SHOWN_AT_FIRST = 4

/** What a group of keys takes. */
export interface AttentionGroupProps {
  readonly words: ReasonWords
  /** How many keys there are for the reason, of which the gravest are given. */
  readonly count: number
  readonly items: readonly AttentionItem[]
  readonly onStep: (step: NextStep, item: AttentionItem) => Promise<void>
}

/** The keys that deserve a look for one reason. */
export function AttentionGroup({ words, count, items, onStep }: AttentionGroupProps): ReactElement {
  const [open, setOpen] = useState(false)
  const id = useId()
  const { title, tone, why } = words
  const shown = open ? items : items.slice(0, SHOWN_AT_FIRST)
  return (
    <section className="attention-group" aria-labelledby={id}>
      <div className="attention-words">
        <h3 id={id}>
          {title} <Badge tone={tone}>{String(count)}</Badge>
        </h3>
        <p className="hint">{why}</p>
      </div>
      <ul className="attention-list">
        {shown.map((item) => (
          <Item key={item.key_id} item={item} words={words} onStep={onStep} />
        ))}
        {items.length > SHOWN_AT_FIRST && (
          <li>
            <Button small variant="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
              {open ? 'Show fewer' : `Show all ${formatCount(items.length, 'key')}`}
            </Button>
            {open && count > items.length && (
              <span className="hint">{formatCount(count - items.length, 'more key')} not listed.</span>
            )}
          </li>
        )}
      </ul>
    </section>
  )
}

function Item({
  item,
  words: { step, seen, reason },
  onStep,
}: Omit<AttentionGroupProps, 'count' | 'items'> & { readonly item: AttentionItem }): ReactElement {
  const { key_id: id, key_name: name, facts } = item
  const { access } = useSession()
  const can = useCan()
  const [pending, setPending] = useState(false)
  // Who cannot give full access cannot change a key that has it.
  const offered = step !== null && can('keys:edit') && (reason !== 'unrestricted' || access === 'full')

  function take(next: NextStep): void {
    setPending(true)
    void onStep(next, item).finally(() => setPending(false))
  }

  return (
    <li className="attention-item">
      <div>
        <Link to="/keys/$keyId" params={{ keyId: id }} className="attention-name">
          {name}
        </Link>
        <p className="hint">{seen(facts)}</p>
      </div>
      <div className="actions">
        {offered ? (
          <Button
            small
            variant={step.does === 'delete' ? 'danger-quiet' : 'secondary'}
            pending={pending}
            aria-label={`${step.label}: ${name}`}
            onClick={() => take(step)}
          >
            {step.label}
          </Button>
        ) : (
          <Link
            to="/keys/$keyId"
            params={{ keyId: id }}
            search={reason === 'denied_spike' ? { tab: 'decisions' } : {}}
            className="button secondary small"
            aria-label={`Open ${name}`}
          >
            <span>Open</span>
          </Link>
        )}
      </div>
    </li>
  )
}
