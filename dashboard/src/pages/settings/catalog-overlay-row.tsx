import type { CatalogView } from '@bitting/client'
import { LEVEL_TITLES } from '@bitting/core'
import { useId, type ReactElement, type Ref } from 'react'
import { Field } from '../../ui/field.js'
import { IconButton } from '../../ui/icon-button.js'
import { Select } from '../../ui/select.js'
import { TextInput } from '../../ui/text-input.js'
import type { MappingDraft } from './catalog-mapping.js'

/** What a row of the overlay takes. */
export interface CatalogOverlayRowProps {
  readonly row: MappingDraft
  /** Its place, from 1. */
  readonly number: number
  readonly catalog: CatalogView
  /** What is wrong with it. */
  readonly error: string | undefined
  /** Of its path, for the focus. */
  readonly pathRef?: Ref<HTMLInputElement> | undefined
  /** Absent where the row can only be read. */
  readonly onChange?: ((row: MappingDraft) => void) | undefined
  readonly onRemove?: (() => void) | undefined
}

/** One mapping: an operation, and what it asks for. */
export function CatalogOverlayRow(props: CatalogOverlayRowProps): ReactElement {
  const { row, number, error, pathRef, onChange, onRemove } = props
  const id = useId()
  const disabled = onChange === undefined
  const edit = (change: Partial<MappingDraft>): void => onChange?.({ ...row, ...change })
  return (
    <div className="overlay-row" role="group" aria-label={`Mapping ${String(number)}`} aria-describedby={id}>
      <Field label="Method">
        {(control) => (
          <TextInput
            {...control}
            mono
            value={row.method}
            readOnly={disabled}
            onValueChange={(method) => edit({ method })}
          />
        )}
      </Field>
      <Field label="Path">
        {(control) => (
          <TextInput
            {...control}
            mono
            ref={pathRef}
            placeholder="/v1/things/{id}"
            aria-invalid={error === undefined ? undefined : true}
            value={row.path}
            readOnly={disabled}
            onValueChange={(path) => edit({ path })}
          />
        )}
      </Field>
      <Requirement {...props} />
      {onRemove !== undefined && (
        <IconButton icon="trash" label={`Remove mapping ${String(number)}`} onClick={onRemove} />
      )}
      <div className="field-error" id={id} aria-live="polite">
        {error}
      </div>
    </div>
  )
}

function Requirement({ row, catalog, onChange }: CatalogOverlayRowProps): ReactElement {
  const permissions = catalog.sections.flatMap((section) => section.permissions)
  const levels = permissions.find((permission) => permission.id === row.permission)?.levels ?? []
  const disabled = onChange === undefined
  const edit = (change: Partial<MappingDraft>): void => onChange?.({ ...row, ...change })
  return (
    <>
      <Field label="Asks for">
        {(control) => (
          <Select
            {...control}
            disabled={disabled}
            value={row.permission}
            options={[
              { value: 'any', label: 'Any live key' },
              { value: 'full', label: 'Full access' },
              ...permissions.map((permission) => ({ value: permission.id, label: permission.title })),
            ]}
            onValueChange={(permission) => {
              const has = permissions.find((known) => known.id === permission)?.levels ?? []
              const level = has.includes('read') ? 'read' : has.includes('edit') ? 'edit' : ''
              edit({ permission, level })
            }}
          />
        )}
      </Field>
      <Field label="Level">
        {(control) => (
          <Select
            {...control}
            disabled={disabled || levels.length === 0}
            value={row.level}
            options={
              levels.length === 0
                ? [{ value: '', label: 'None' }]
                : levels
                    .filter((level) => level !== 'none')
                    .map((level) => ({ value: level, label: LEVEL_TITLES[level] }))
            }
            onValueChange={(level) => edit({ level })}
          />
        )}
      </Field>
    </>
  )
}
