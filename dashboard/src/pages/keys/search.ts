import { choiceParameter, textParameter, type RawSearch } from '../search.js'

/** Which keys a view shows by their state: what can be used, what was ended, or everything. */
export const VIEWS = ['live', 'ended', 'all'] as const

/** What narrows and sorts the list of keys: the search parameters of `/keys`. */
export interface KeysSearch {
  readonly query?: string | undefined
  /** `live` unless it is told. */
  readonly view?: (typeof VIEWS)[number] | undefined
  readonly environment?: 'development' | 'staging' | 'production' | undefined
  readonly access?: 'full' | 'restricted' | undefined
  readonly kind?: 'api' | 'management' | undefined
  /** The id of whoever made them. */
  readonly by?: string | undefined
  readonly sort?: 'created' | 'name' | 'last_used' | 'expires' | undefined
  readonly order?: 'asc' | 'desc' | undefined
}

/** Reads the search parameters of `/keys`. What cannot be read is left out. */
export function keysSearch(raw: RawSearch): KeysSearch {
  return {
    query: textParameter(raw['query']),
    view: choiceParameter(raw['view'], VIEWS),
    environment: choiceParameter(raw['environment'], ['development', 'staging', 'production']),
    access: choiceParameter(raw['access'], ['full', 'restricted']),
    kind: choiceParameter(raw['kind'], ['api', 'management']),
    by: textParameter(raw['by']),
    sort: choiceParameter(raw['sort'], ['created', 'name', 'last_used', 'expires']),
    order: choiceParameter(raw['order'], ['asc', 'desc']),
  }
}

/** Whether anything narrows the list. */
export function isFiltered({ query, view, environment, access, kind, by }: KeysSearch): boolean {
  return [query, view, environment, access, kind, by].some((it) => it !== undefined)
}
