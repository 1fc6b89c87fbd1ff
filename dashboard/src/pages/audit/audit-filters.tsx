import { useQuery } from '@tanstack/react-query'
import { useId, useState, type ReactElement } from 'react'
import { membersQuery } from '../../people/members-query.js'
import { useCan } from '../../session/session.js'
import { Button } from '../../ui/button.js'
import { DateTimeInput } from '../../ui/date-time-input.js'
import { Field } from '../../ui/field.js'
import { FilterBar } from '../../ui/filter-bar.js'
import { Icon } from '../../ui/icon.js'
import { Select } from '../../ui/select.js'
import { ACTION_GROUPS } from './actions.js'
import { FilterInput } from './filter-input.js'
import { keyNamesQuery } from './names.js'
import { isFiltered, type AuditSearch } from './search.js'
import type { Suggestion } from './suggestions.js'

/** What narrows the log. */
export interface AuditFiltersProps {
  readonly search: AuditSearch
  readonly onChange: (search: AuditSearch) => void
}

/** The filters of the log. What is rarer is folded away as long as it is not used. */
export function AuditFilters({ search, onChange }: AuditFiltersProps): ReactElement {
  const { actor, key, resource, request_id: requestId, since, until } = search
  const folded = [actor, key, resource, requestId, since, until].filter((value) => value !== undefined).length
  const [open, setOpen] = useState(folded > 0)
  const id = useId()
  return (
    <div className="audit-filters">
      <FilterBar
        label="the log"
        search={{
          value: search.text ?? '',
          placeholder: 'Words, ids, addresses',
          onChange: (text) => onChange({ ...search, text: text === '' ? undefined : text }),
        }}
        {...(isFiltered(search) && { onClear: () => onChange({}) })}
      >
        <ActionSelect value={search.action} onChange={(action) => onChange({ ...search, action })} />
        <Select
          aria-label="Outcome"
          value={search.outcome ?? ''}
          options={[
            { value: '', label: 'Any outcome' },
            { value: 'success', label: 'Done' },
            { value: 'failure', label: 'Refused or failed' },
          ]}
          onValueChange={(outcome) => onChange({ ...search, outcome: outcome === '' ? undefined : outcome })}
        />
        <Button
          icon="filter"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >{`More filters${folded === 0 ? '' : ` (${String(folded)})`}`}</Button>
      </FilterBar>
      <div id={id} hidden={!open}>
        {open && <MoreFilters search={search} onChange={onChange} />}
      </div>
    </div>
  )
}

function MoreFilters({ search, onChange }: AuditFiltersProps): ReactElement {
  const { members, keys } = useSuggestions()
  const set = (name: keyof AuditSearch) => (value: string | null) =>
    onChange({ ...search, [name]: value === null || value === '' ? undefined : value })
  const anybody = [...members, ...keys]
  return (
    <div className="form-row audit-more">
      <FilterInput label="Who" value={search.actor} suggestions={anybody} onChange={set('actor')} />
      <FilterInput
        label="Key that acted, or was acted on"
        value={search.key}
        suggestions={keys}
        onChange={set('key')}
      />
      <FilterInput
        label="What it was done to"
        value={search.resource}
        suggestions={anybody}
        onChange={set('resource')}
      />
      <FilterInput label="Request id" value={search.request_id} onChange={set('request_id')} />
      <Field label="From">
        {(control) => (
          <DateTimeInput {...control} value={search.since ?? null} onValueChange={set('since')} />
        )}
      </Field>
      <Field label="Until">
        {(control) => (
          <DateTimeInput {...control} value={search.until ?? null} onValueChange={set('until')} />
        )}
      </Field>
    </div>
  )
}

/** Members and the newest keys by their names. */
function useSuggestions(): { readonly members: readonly Suggestion[]; readonly keys: readonly Suggestion[] } {
  const can = useCan()
  const members = useQuery({ ...membersQuery, enabled: can('members:read') })
  const keys = useQuery({ ...keyNamesQuery, enabled: can('keys:read') })
  return {
    members: members.data?.map(({ id, name, email }) => ({ id, name, detail: email })) ?? [],
    keys: keys.data ?? [],
  }
}

/** The platform's own list with headings, which {@link Select} does not have. */
function ActionSelect(props: {
  readonly value: string | undefined
  readonly onChange: (value: string | undefined) => void
}): ReactElement {
  const { value, onChange } = props
  const isKnown =
    value === undefined || ACTION_GROUPS.some(({ actions }) => actions.some(({ action }) => action === value))
  return (
    <span className="select">
      <select
        className="input"
        aria-label="Action"
        value={value ?? ''}
        onChange={(event) => {
          const chosen = event.currentTarget.value
          onChange(chosen === '' ? undefined : chosen)
        }}
      >
        <option value="">Any action</option>
        {!isKnown && <option value={value}>{value}</option>}
        {ACTION_GROUPS.map(({ title, actions }) => (
          <optgroup key={title} label={title}>
            {actions.map(({ action, label }) => (
              <option key={action} value={action}>
                {label}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
      <Icon name="chevronDown" size={16} />
    </span>
  )
}
