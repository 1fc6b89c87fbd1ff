import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { membersQuery } from '../../people/members-query.js'
import { useCan } from '../../session/session.js'
import { FilterBar } from '../../ui/filter-bar.js'
import { Select, type Option } from '../../ui/select.js'
import type { VIEWS } from './search.js'
import { isFiltered, type KeysSearch } from './search.js'

const ANY = 'any'

const VIEW_OPTIONS: readonly Option<(typeof VIEWS)[number]>[] = [
  { value: 'live', label: 'In use' },
  { value: 'ended', label: 'Ended' },
  { value: 'all', label: 'All' },
]

const ENVIRONMENT_OPTIONS: readonly Option<string>[] = [
  { value: ANY, label: 'Any environment' },
  { value: 'development', label: 'Development' },
  { value: 'staging', label: 'Staging' },
  { value: 'production', label: 'Production' },
]

const ACCESS_OPTIONS: readonly Option<string>[] = [
  { value: ANY, label: 'Any access' },
  { value: 'full', label: 'Full access' },
  { value: 'restricted', label: 'Restricted' },
]

const KIND_OPTIONS: readonly Option<string>[] = [
  { value: ANY, label: 'Any kind' },
  { value: 'api', label: 'API keys' },
  { value: 'management', label: 'Management' },
]

/** What narrows the list of keys. */
export function KeyFilters(props: {
  readonly search: KeysSearch
  /** Given as they come: what is no filter is left out by whoever reads the address. */
  readonly onChange: (changed: Readonly<Partial<Record<keyof KeysSearch, string | undefined>>>) => void
}): ReactElement {
  const { search, onChange } = props
  const can = useCan()
  const members = useQuery({ ...membersQuery, enabled: can('members:read') })
  const makers = [
    { value: ANY, label: 'Made by anybody' },
    ...(members.data ?? []).map(({ id, name }) => ({ value: id, label: `Made by ${name}` })),
  ]
  const choice = (
    name: 'environment' | 'access' | 'kind' | 'by',
    label: string,
    options: readonly Option<string>[],
  ): ReactElement => (
    <Select
      aria-label={label}
      value={search[name] ?? ANY}
      options={options}
      onValueChange={(value) => onChange({ [name]: value === ANY ? undefined : value })}
    />
  )
  return (
    <div className="keys-filters">
      <FilterBar
        label="keys"
        search={{
          value: search.query ?? '',
          placeholder: 'Name, id or note',
          onChange: (text) => onChange({ query: text === '' ? undefined : text }),
        }}
        onClear={
          isFiltered(search)
            ? () =>
                onChange({
                  query: undefined,
                  view: undefined,
                  environment: undefined,
                  access: undefined,
                  kind: undefined,
                  by: undefined,
                })
            : undefined
        }
      >
        <Select
          aria-label="State"
          value={search.view ?? 'live'}
          options={VIEW_OPTIONS}
          onValueChange={(view) => onChange({ view: view === 'live' ? undefined : view })}
        />
        {choice('environment', 'Environment', ENVIRONMENT_OPTIONS)}
        {choice('access', 'Access', ACCESS_OPTIONS)}
        {choice('kind', 'Kind', KIND_OPTIONS)}
        {makers.length > 2 && choice('by', 'Maker', makers)}
      </FilterBar>
    </div>
  )
}
