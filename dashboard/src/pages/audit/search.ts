import { choiceParameter, textParameter, type RawSearch } from '../search.js'

/** What narrows the audit log: the search parameters of `/audit`, named as those of `GET /v1/audit`. */
export interface AuditSearch {
  readonly action?: string | undefined
  readonly actor?: string | undefined
  readonly resource?: string | undefined
  /** A key that acted, or that was acted on. */
  readonly key?: string | undefined
  readonly outcome?: 'success' | 'failure' | undefined
  readonly request_id?: string | undefined
  /** RFC 3339. */
  readonly since?: string | undefined
  /** RFC 3339, the moment after the last. */
  readonly until?: string | undefined
  readonly text?: string | undefined
}

/** Reads the search parameters of `/audit`. What cannot be read is left out. */
export function auditSearch(raw: RawSearch): AuditSearch {
  return {
    action: textParameter(raw['action']),
    actor: textParameter(raw['actor']),
    resource: textParameter(raw['resource']),
    key: textParameter(raw['key']),
    outcome: choiceParameter(raw['outcome'], ['success', 'failure']),
    request_id: textParameter(raw['request_id']),
    since: timeParameter(raw['since']),
    until: timeParameter(raw['until']),
    text: textParameter(raw['text']),
  }
}

/** Whether anything narrows the log. */
export function isFiltered(search: AuditSearch): boolean {
  return Object.values(search).some((value) => value !== undefined)
}

function timeParameter(value: unknown): string | undefined {
  const text = textParameter(value)
  return text === undefined || Number.isNaN(Date.parse(text)) ? undefined : text
}
