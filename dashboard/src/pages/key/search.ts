import { choiceParameter, type RawSearch } from '../search.js'

/** A part of a key's page. */
export type KeyTab = 'usage' | 'decisions' | 'trail' | 'secrets' | 'access' | 'conditions'

/** What is shown of a key: the search parameters of `/keys/$keyId`. */
export interface KeySearch {
  /** `usage` unless it is told. */
  readonly tab?: KeyTab | undefined
}

const TABS: readonly KeyTab[] = ['usage', 'decisions', 'trail', 'secrets', 'access', 'conditions']

/** Reads the search parameters of `/keys/$keyId`. What cannot be read is left out. */
export function keySearch(raw: RawSearch): KeySearch {
  return { tab: choiceParameter(raw['tab'], TABS) }
}
