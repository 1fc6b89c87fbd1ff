import type { ReactElement } from 'react'
import { formatTime } from '../../format.js'
import { DateTimeInput } from '../../ui/date-time-input.js'
import { Field } from '../../ui/field.js'
import { Notice } from '../../ui/notice.js'
import { RadioGroup } from '../../ui/radio-group.js'
import { TextArea } from '../../ui/text-area.js'
import { draftExpiry, type DraftFlaws, type ExpiryChoice, type KeyDraft } from './key-draft.js'

/** What the part of the form about conditions takes. */
export interface ConditionFieldsProps {
  readonly draft: KeyDraft
  readonly onChange: (part: Partial<KeyDraft>) => void
  readonly flaws: DraftFlaws
  readonly onLeave: (field: keyof DraftFlaws) => void
}

const EXPIRIES: readonly { readonly value: ExpiryChoice; readonly label: string }[] = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: '1 year' },
  { value: 'date', label: 'On a date' },
  { value: 'never', label: 'Never' },
]

/** When, from where, and a note. */
export function ConditionFields({ draft, onChange, onLeave, flaws }: ConditionFieldsProps): ReactElement {
  return (
    <div className="key-part">
      <h3>Conditions</h3>
      <Expiry draft={draft} onChange={onChange} flaws={flaws} />
      <Field
        label="Works from"
        optional
        hint="Before this time the key is refused. Empty: at once."
        error={flaws.notBefore}
      >
        {(control) => (
          <DateTimeInput
            {...control}
            value={draft.notBefore}
            onValueChange={(notBefore) => onChange({ notBefore })}
          />
        )}
      </Field>
      <Field
        label="Allowed addresses"
        optional
        hint="IPv4 or IPv6, single or as ranges, one a line. Empty: the key works from anywhere."
        error={flaws.addresses}
      >
        {(control) => (
          <TextArea
            {...control}
            mono
            placeholder="203.0.113.0/24"
            value={draft.addresses}
            onValueChange={(addresses) => onChange({ addresses })}
            onBlur={() => onLeave('addresses')}
          />
        )}
      </Field>
      <Field
        label="Note"
        optional
        hint="Where the secret is kept, and who to ask. Never the secret itself."
        error={flaws.note}
      >
        {(control) => (
          <TextArea
            {...control}
            rows={2}
            maxLength={1000}
            value={draft.note}
            onValueChange={(note) => onChange({ note })}
          />
        )}
      </Field>
    </div>
  )
}

function Expiry({ draft, onChange, flaws }: Omit<ConditionFieldsProps, 'onLeave'>): ReactElement {
  const end = draftExpiry(draft, Date.now())
  return (
    <div className="expiry" data-part="expiry">
      <RadioGroup
        legend="Expires"
        look="segmented"
        value={draft.expiry}
        choices={EXPIRIES}
        onValueChange={(expiry) => onChange({ expiry, ...(expiry === 'date' && { expiresAt: end }) })}
      />
      {draft.expiry === 'date' ? (
        <Field label="Expires at" error={flaws.expiresAt}>
          {(control) => (
            <DateTimeInput
              {...control}
              value={draft.expiresAt}
              onValueChange={(expiresAt) => onChange({ expiresAt })}
            />
          )}
        </Field>
      ) : (
        end !== null && <p className="hint">Refused from {formatTime(end)} on.</p>
      )}
      {draft.expiry === 'never' && (
        <Notice>
          <p>A key that never ends is one that somebody has to remember. A year is a good start.</p>
        </Notice>
      )}
    </div>
  )
}
