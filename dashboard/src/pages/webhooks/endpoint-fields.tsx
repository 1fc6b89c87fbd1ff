import type { WebhookScheme } from '@bitting/core'
import { useId, type ReactElement, type ReactNode } from 'react'
import { Button } from '../../ui/button.js'
import { Checkbox } from '../../ui/checkbox.js'
import { Field } from '../../ui/field.js'
import { TextArea } from '../../ui/text-area.js'
import { TextInput } from '../../ui/text-input.js'
import { FIELD_LABELS, type EndpointDraft, type EndpointFlaws } from './endpoint-draft.js'

const SCHEMES: readonly { readonly value: WebhookScheme; readonly label: string; readonly hint: string }[] = [
  { value: 'standard', label: 'Standard Webhooks', hint: 'HMAC-SHA256 in webhook-signature' },
  { value: 'retell', label: 'Retell', hint: 'x-retell-signature, as Retell’s own SDK verifies it' },
  { value: 'body', label: 'Body alone', hint: 'For receivers that know nothing better: can be replayed' },
  { value: 'ed25519', label: 'Ed25519', hint: 'Standard Webhooks, with a public key in place of a secret' },
]

/** What the fields of an endpoint take. */
export interface EndpointFieldsProps {
  readonly draft: EndpointDraft
  readonly onChange: (part: Partial<EndpointDraft>) => void
  readonly flaws: EndpointFlaws
  /** The names of the headers that there are: their values are never shown. */
  readonly headerNames: readonly string[]
}

/** Everything that an endpoint can be told. */
export function EndpointFields(props: EndpointFieldsProps): ReactElement {
  const { draft, onChange } = props
  return (
    <>
      <Line {...props} name="url" type="url" mono hint="Where the events are posted, over https." />
      <Field
        label={FIELD_LABELS.events}
        hint="One on each line: a type as key.created, a beginning as key.*, or * for everything but the types that must be named."
        error={props.flaws.events}
      >
        {(control) => (
          <TextArea {...control} mono value={draft.events} onValueChange={(events) => onChange({ events })} />
        )}
      </Field>
      <Line
        {...props}
        name="description"
        optional
        hint="For people: what is behind the address, and whose it is."
      />
      <Signatures {...props} />
      <Group legend="Delivery">
        <Checkbox
          label={FIELD_LABELS.ordered}
          hint="The events of one subject wait for one another"
          checked={draft.ordered}
          onCheckedChange={(ordered) => onChange({ ordered })}
        />
        <Checkbox
          label={FIELD_LABELS.require_handshake}
          hint="Nothing is sent before the receiver said that it wants our requests"
          checked={draft.require_handshake}
          onCheckedChange={(checked) => onChange({ require_handshake: checked })}
        />
      </Group>
      <div className="form-row">
        <Line {...props} name="rate_limit" type="number" min={1} max={1000} hint="Empty for no limit." />
        <Line {...props} name="concurrency" type="number" min={1} max={64} hint="1 to 64." />
      </div>
      <Headers {...props} />
    </>
  )
}

function Line(
  props: EndpointFieldsProps & {
    readonly name: 'url' | 'description' | 'rate_limit' | 'concurrency'
    readonly hint: string
    readonly type?: 'url' | 'number'
    readonly min?: number
    readonly max?: number
    readonly mono?: boolean
    readonly optional?: boolean
  },
): ReactElement {
  const { name, hint, optional, draft, onChange, flaws, type, min, max, mono } = props
  return (
    <Field label={FIELD_LABELS[name]} hint={hint} optional={optional === true} error={flaws[name]}>
      {(control) => (
        <TextInput
          {...control}
          {...{ type, min, max, mono }}
          value={draft[name]}
          onValueChange={(value) => onChange({ [name]: value })}
        />
      )}
    </Field>
  )
}

function Signatures({ draft: { signatures }, onChange, flaws }: EndpointFieldsProps): ReactElement {
  return (
    <Group legend={FIELD_LABELS.signatures} error={flaws.signatures}>
      {SCHEMES.map(({ value, label, hint }) => (
        <Checkbox
          key={value}
          label={label}
          hint={hint}
          checked={signatures.includes(value)}
          onCheckedChange={(checked) =>
            onChange({
              signatures: SCHEMES.map((scheme) => scheme.value).filter((scheme) =>
                scheme === value ? checked : signatures.includes(scheme),
              ),
            })
          }
        />
      ))}
    </Group>
  )
}

function Headers({ draft: { headers }, onChange, flaws, headerNames }: EndpointFieldsProps): ReactElement {
  if (headers === null) {
    return (
      <Group legend={FIELD_LABELS.headers}>
        <p className="webhooks-headers">
          <code>{headerNames.join(', ')}</code>
          <Button small onClick={() => onChange({ headers: '' })}>
            Replace
          </Button>
        </p>
        <p className="hint">Values are never shown again. They are dropped when the host changes.</p>
      </Group>
    )
  }
  const hint =
    headerNames.length === 0
      ? 'Name: value on each line, up to 20. Values are never shown again.'
      : `Name: value on each line, in place of ${headerNames.join(', ')}. Empty takes them away.`
  return (
    <Field label={FIELD_LABELS.headers} optional hint={hint} error={flaws.headers}>
      {(control) => (
        <TextArea
          {...control}
          mono
          autoComplete="off"
          placeholder="X-Tenant: 4711"
          value={headers}
          onValueChange={(text) => onChange({ headers: text })}
        />
      )}
    </Field>
  )
}

function Group(props: {
  readonly legend: string
  readonly error?: string | undefined
  readonly children: ReactNode
}): ReactElement {
  const { legend, error, children } = props
  const id = useId()
  return (
    <fieldset className="choices list" aria-describedby={error === undefined ? undefined : id}>
      <legend>{legend}</legend>
      <div className="choices-list">{children}</div>
      <div className="field-error" id={id} aria-live="polite">
        {error}
      </div>
    </fieldset>
  )
}
