import type { UpdateWorkspaceRequest, WorkspaceView } from '@bitting/client'
import type { ReactElement } from 'react'
import { Card } from '../../ui/card.js'
import { Checkbox } from '../../ui/checkbox.js'
import type { Change } from '../../ui/diff-list.js'
import { Field } from '../../ui/field.js'
import { RadioGroup } from '../../ui/radio-group.js'
import { PasswordInput, TextInput } from '../../ui/text-input.js'
import { useMayChange } from './settings-access.js'
import { SettingsFrame } from './settings-form.js'
import { useSettingsForm, type SettingsForm } from './use-settings-form.js'

interface Upstream {
  readonly own: boolean
  readonly origin: string
  readonly keySet: boolean
  /** What was typed as the new key; it is never read back. */
  readonly key: string
  readonly removeKey: boolean
}

/** Where calls that are allowed go to, and with which credential. */
export function WorkspaceUpstream({ workspace }: { readonly workspace: WorkspaceView }): ReactElement {
  const mayChange = useMayChange()
  const form = useSettingsForm<Upstream>({
    workspace,
    read: ({ upstream, upstream_key_set: keySet }) => ({
      own: upstream !== null,
      origin: upstream ?? '',
      keySet,
      key: '',
      removeKey: false,
    }),
    write: requestOf,
    done: 'The upstream was saved.',
  })
  const { draft } = form
  return (
    <Card title="Upstream" description="The API that calls go to when a key allows them.">
      <SettingsFrame form={form} describe={describeUpstream}>
        <RadioGroup
          legend="Upstream"
          legendHidden
          value={draft.own ? 'own' : 'shared'}
          disabled={!mayChange}
          choices={[
            { value: 'shared', label: 'The upstream of this installation' },
            {
              value: 'own',
              label: 'An upstream of this workspace',
              hint: 'One of the origins that the operator allows (BITTING_UPSTREAM_ORIGINS).',
            },
          ]}
          onValueChange={(value) => form.edit({ own: value === 'own' })}
        />
        {draft.own && <OwnUpstream form={form} mayChange={mayChange} />}
      </SettingsFrame>
    </Card>
  )
}

function OwnUpstream({
  form,
  mayChange,
}: {
  readonly form: SettingsForm<Upstream>
  readonly mayChange: boolean
}): ReactElement {
  const { draft, edit, fields } = form
  return (
    <>
      <Field label="Origin" error={fields['upstream']}>
        {(control) => (
          <TextInput
            {...control}
            mono
            placeholder="https://api.example.com"
            value={draft.origin}
            readOnly={!mayChange}
            onValueChange={(origin) => edit({ origin })}
          />
        )}
      </Field>
      <p className="hint">
        {draft.keySet ? 'A key is set. It is sealed and never shown.' : 'No key is set.'}
      </p>
      {mayChange && (
        <>
          <Field
            label={draft.keySet ? 'New key of the upstream' : 'Key of the upstream'}
            hint={
              draft.keySet ? 'Leave it empty to keep the one that is set.' : 'It replaces the caller’s key.'
            }
            optional
            error={fields['upstream_key']}
          >
            {(control) => (
              <PasswordInput
                {...control}
                mono
                autoComplete="off"
                value={draft.key}
                disabled={draft.removeKey}
                onValueChange={(key) => edit({ key })}
              />
            )}
          </Field>
          {draft.keySet && (
            <Checkbox
              label="Remove the key"
              checked={draft.removeKey}
              onCheckedChange={(removeKey) => edit({ removeKey, key: '' })}
            />
          )}
        </>
      )}
    </>
  )
}

function requestOf({ own, origin, key, removeKey }: Upstream): UpdateWorkspaceRequest {
  return {
    upstream: own ? origin.trim() : null,
    ...(own && key !== '' && { upstream_key: key }),
    ...(removeKey && { upstream_key: null }),
  }
}

function describeUpstream(before: Upstream, after: Upstream): Change[] {
  const originOf = ({ own, origin }: Upstream): string => (own ? origin : 'That of the installation')
  const keyOf = ({ keySet }: Upstream): string => (keySet ? 'Set' : 'Not set')
  return [
    { field: 'Upstream', before: originOf(before), after: originOf(after) },
    { field: 'Key', before: keyOf(before), after: keyOf(after) },
  ].filter((change) => change.before !== change.after)
}
