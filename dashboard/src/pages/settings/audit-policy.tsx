import type { WorkspaceView } from '@bitting/client'
import { useState, type ReactElement } from 'react'
import { formatCount } from '../../format.js'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { Card } from '../../ui/card.js'
import type { Change } from '../../ui/diff-list.js'
import { Field } from '../../ui/field.js'
import { RadioGroup, type Choice } from '../../ui/radio-group.js'
import { Switch } from '../../ui/switch.js'
import { TextInput } from '../../ui/text-input.js'
import { useMayChange } from './settings-access.js'
import { SettingsFrame } from './settings-form.js'
import { useSettingsForm, type SettingsForm } from './use-settings-form.js'

type Calls = WorkspaceView['audit']['calls']

interface Policy {
  readonly calls: Calls
  /** The share of calls in percent, as it was typed. */
  readonly percent: string
  readonly forever: boolean
  /** As it was typed. */
  readonly days: string
  readonly hold: boolean
}

const CALLS: readonly Choice<Calls>[] = [
  { value: 'all', label: 'All calls' },
  { value: 'writes', label: 'Calls that change something', hint: 'What asks for Edit.' },
  { value: 'sampled', label: 'A share of the calls', hint: 'The share stands in each entry.' },
]

/** Which calls the log takes, and how long entries are kept. */
export function AuditPolicyForm({ workspace }: { readonly workspace: WorkspaceView }): ReactElement {
  const form = useSettingsForm<Policy>({
    workspace,
    read: ({ audit }) => ({
      calls: audit.calls,
      percent: String(Number((audit.sample_rate * 100).toFixed(6))),
      forever: audit.retention_days === null,
      days: audit.retention_days === null ? '365' : String(audit.retention_days),
      hold: audit.legal_hold,
    }),
    write: ({ calls, percent, forever, days, hold }) => ({
      audit: {
        calls,
        sample_rate: Number(percent) / 100,
        retention_days: forever ? null : Number(days),
        legal_hold: hold,
      },
    }),
    done: 'The settings of the log were saved.',
  })
  const [asking, setAsking] = useState(false)
  const risks = risksOf(workspace.audit, form.draft)
  const mayChange = useMayChange()
  return (
    <Card title="Audit log" description="Changes and refusals are always recorded.">
      <SettingsFrame
        form={form}
        describe={describePolicy}
        onSubmit={() => {
          if (risks.length > 0) setAsking(true)
          else void form.save()
        }}
      >
        <CallFields form={form} disabled={!mayChange} />
        <KeepingFields form={form} disabled={!mayChange} />
      </SettingsFrame>
      <AlertDialog
        open={asking}
        onClose={() => setAsking(false)}
        title="Save these settings of the log?"
        description={risks.map((risk) => (
          <p key={risk}>{risk}</p>
        ))}
        confirm="Save"
        onConfirm={() => {
          setAsking(false)
          void form.save()
        }}
      />
    </Card>
  )
}

interface FieldsProps {
  readonly form: SettingsForm<Policy>
  readonly disabled: boolean
}

function CallFields({ form: { draft, edit, fields }, disabled }: FieldsProps): ReactElement {
  return (
    <>
      <RadioGroup
        legend="Allowed calls that are recorded"
        look="cards"
        value={draft.calls}
        choices={CALLS}
        disabled={disabled}
        onValueChange={(calls) => edit({ calls })}
      />
      {draft.calls === 'sampled' && (
        <Field label="Share in percent" error={fields['audit.sample_rate']}>
          {(control) => (
            <TextInput
              {...control}
              inputMode="decimal"
              value={draft.percent}
              readOnly={disabled}
              onValueChange={(percent) => edit({ percent })}
            />
          )}
        </Field>
      )}
    </>
  )
}

function KeepingFields({ form: { draft, edit, fields }, disabled }: FieldsProps): ReactElement {
  return (
    <>
      <RadioGroup
        legend="How long entries are kept"
        value={draft.forever ? 'forever' : 'days'}
        choices={[
          { value: 'forever', label: 'For ever' },
          { value: 'days', label: 'For some days', hint: 'The hashes of deleted entries stay.' },
        ]}
        disabled={disabled}
        onValueChange={(value) => edit({ forever: value === 'forever' })}
      />
      {!draft.forever && (
        <Field label="Days" error={fields['audit.retention_days']}>
          {(control) => (
            <TextInput
              {...control}
              inputMode="numeric"
              value={draft.days}
              readOnly={disabled}
              onValueChange={(days) => edit({ days })}
            />
          )}
        </Field>
      )}
      <Switch
        label="Legal hold"
        hint="While it is on nothing is deleted or erased, whatever its age."
        checked={draft.hold}
        disabled={disabled}
        onCheckedChange={(hold) => edit({ hold })}
      />
    </>
  )
}

/** What cannot be taken back, or binds others: said before it is saved. */
function risksOf(before: WorkspaceView['audit'], { forever, days, hold }: Policy): string[] {
  const isShorter = !forever && Number(days) < (before.retention_days ?? Infinity)
  return [
    ...(isShorter && !hold
      ? [`Entries older than ${formatCount(Number(days), 'day')} are deleted. That cannot be taken back.`]
      : []),
    ...(before.legal_hold && !hold
      ? [
          'Without the legal hold, retention deletes again what is past its age, and personal data can be erased.',
        ]
      : []),
    ...(!before.legal_hold && hold
      ? [
          'Under the legal hold nothing is deleted or erased, also where somebody asks for their data to be erased.',
        ]
      : []),
  ]
}

function describePolicy(before: Policy, after: Policy): Change[] {
  const callsOf = ({ calls, percent }: Policy): string =>
    calls === 'sampled' ? `${percent} percent` : calls === 'all' ? 'All calls' : 'Calls that change something'
  const keptOf = ({ forever, days }: Policy): string => (forever ? 'For ever' : `${days} days`)
  const holdOf = ({ hold }: Policy): string => (hold ? 'On' : 'Off')
  return [
    { field: 'Calls recorded', before: callsOf(before), after: callsOf(after) },
    { field: 'Kept', before: keptOf(before), after: keptOf(after) },
    { field: 'Legal hold', before: holdOf(before), after: holdOf(after) },
  ].filter((change) => change.before !== change.after)
}
