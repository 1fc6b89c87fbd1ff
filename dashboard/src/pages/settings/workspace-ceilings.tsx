import type { WorkspaceView } from '@bitting/client'
import { ENVIRONMENTS, formatScopes, type Access, type Ceilings, type Environment } from '@bitting/core'
import { useState, type ReactElement } from 'react'
import { isRefusal } from '../../api/problem.js'
import { Card } from '../../ui/card.js'
import type { Change } from '../../ui/diff-list.js'
import { QueryView } from '../../ui/query-view.js'
import { RadioGroup } from '../../ui/radio-group.js'
import { Tabs } from '../../ui/tabs.js'
import { AccessMatrix } from '../key-editor/access-matrix.js'
import { useCatalog } from '../key-editor/catalogs.js'
import { CeilingConflict } from './workspace-ceiling-conflict.js'
import { useMayChange } from './settings-access.js'
import { SettingsFrame } from './settings-form.js'
import { useSettingsForm } from './use-settings-form.js'

const TITLES: Readonly<Record<Environment, string>> = {
  development: 'Development',
  staging: 'Staging',
  production: 'Production',
}

/** The most that keys of each environment can be given. */
export function WorkspaceCeilings({ workspace }: { readonly workspace: WorkspaceView }): ReactElement {
  const mayChange = useMayChange()
  const [shown, setShown] = useState<Environment>('development')
  const form = useSettingsForm<Ceilings>({
    workspace,
    read: ({ ceilings }) => ceilings,
    write: (ceilings) => ({ ceilings }),
    done: 'The ceilings were saved.',
  })
  return (
    <Card
      title="Environments"
      description="The most that a key of each environment can be given. A key that has more must be restricted or revoked first."
    >
      <SettingsFrame form={form} describe={describeCeilings}>
        <Tabs
          label="Environment"
          value={shown}
          onValueChange={setShown}
          tabs={ENVIRONMENTS.map((environment) => ({
            value: environment,
            label: TITLES[environment],
            content: (
              <Ceiling
                environment={environment}
                access={form.draft[environment]}
                {...(mayChange && {
                  onChange: (access: Access) => form.edit({ [environment]: access }),
                })}
              />
            ),
          }))}
        />
        {isRefusal(form.error, 'ceiling_conflict') && <CeilingConflict error={form.error} />}
      </SettingsFrame>
    </Card>
  )
}

function Ceiling(props: {
  readonly environment: Environment
  readonly access: Access
  readonly onChange?: ((access: Access) => void) | undefined
}): ReactElement {
  const { environment, access, onChange } = props
  const catalog = useCatalog()
  return (
    <QueryView query={catalog} title="The permissions could not be loaded">
      {(known) => (
        <>
          <RadioGroup
            legend={`Ceiling of ${environment}`}
            legendHidden
            value={access === 'full' ? 'full' : 'restricted'}
            disabled={onChange === undefined}
            choices={[
              { value: 'full', label: 'None', hint: 'Keys can have everything, also full access.' },
              { value: 'restricted', label: 'At most these permissions' },
            ]}
            onValueChange={(value) => {
              const everything = known.permissions.map(({ id }) => [id, 'edit'] as const)
              onChange?.(value === 'full' ? 'full' : Object.fromEntries(everything))
            }}
          />
          {access !== 'full' && <AccessMatrix catalog={known} access={access} onLevelsChange={onChange} />}
        </>
      )}
    </QueryView>
  )
}

function describeCeilings(before: Ceilings, after: Ceilings): Change[] {
  const textOf = (access: Access): string => formatScopes(access) || 'nothing'
  return ENVIRONMENTS.map((environment) => ({
    field: TITLES[environment],
    before: textOf(before[environment]),
    after: textOf(after[environment]),
  })).filter((change) => change.before !== change.after)
}
