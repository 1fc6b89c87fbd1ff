import type { WorkspaceView } from '@bitting/client'
import type { ReactElement } from 'react'
import { Card } from '../../ui/card.js'
import { Field } from '../../ui/field.js'
import { TextInput } from '../../ui/text-input.js'
import { useMayChange } from './settings-access.js'
import { SettingsFrame } from './settings-form.js'
import { useSettingsForm } from './use-settings-form.js'

/** What the workspace is called. */
export function WorkspaceName({ workspace }: { readonly workspace: WorkspaceView }): ReactElement {
  const mayChange = useMayChange()
  const form = useSettingsForm({
    workspace,
    read: ({ name }) => ({ name }),
    write: ({ name }) => ({ name: name.trim() }),
    done: 'The name was saved.',
  })
  return (
    <Card title="Name">
      <SettingsFrame
        form={form}
        describe={(before, after) => [{ field: 'Name', before: before.name, after: after.name }]}
      >
        <Field label="Name of the workspace" error={form.fields['name']}>
          {(control) => (
            <TextInput
              {...control}
              value={form.draft.name}
              readOnly={!mayChange}
              onValueChange={(name) => form.edit({ name })}
            />
          )}
        </Field>
      </SettingsFrame>
    </Card>
  )
}
