import type { AuditEntryProofView } from '@bitting/client'
import { Link } from '@tanstack/react-router'
import type { ReactElement, ReactNode } from 'react'
import { useCan } from '../../session/session.js'
import { Badge } from '../../ui/badge.js'
import { DescriptionList } from '../../ui/description-list.js'
import { Time } from '../../ui/time.js'
import type { Names } from './names.js'
import { reasonText } from './reasons.js'
import { isRecord, readableName, ValueText, wordedDetails } from './value-text.js'
import { whoKind, whoText } from './words.js'

/** Every field of an entry. What is personal data, and can be erased, says so. */
export function EntryFacts({
  entry,
  names,
}: {
  readonly entry: AuditEntryProofView
  readonly names: Names
}): ReactElement {
  const { actor, resource, at, action, operation, reason, request_id: requestId, workspace } = entry
  const kind = whoKind(entry)
  return (
    <DescriptionList
      items={[
        { term: 'When', detail: <Time value={at} look="local" /> },
        {
          term: 'Who',
          detail: (
            <>
              {whoText(entry, names)}
              {kind !== null && <span className="quiet-text"> · {kind}</span>}
              <IdOf id={actor.id} />
            </>
          ),
        },
        { term: 'From', detail: <Personal entry={entry}>{actor.address}</Personal> },
        { term: 'Program', detail: <Personal entry={entry}>{actor.user_agent}</Personal> },
        { term: 'Action', detail: <code>{action}</code> },
        { term: 'Operation', detail: operation === null ? <None /> : <code>{operation}</code> },
        {
          term: 'Done to',
          detail: (
            <>
              {subjectText(entry, names)}
              <IdOf id={resource.id} />
            </>
          ),
        },
        ...(reason === null ? [] : [{ term: 'Why it failed', detail: `${reasonText(reason)} (${reason})` }]),
        { term: 'Request', detail: requestId === null ? <None /> : <code>{requestId}</code> },
        ...detailsOf(entry, names),
        { term: 'Workspace', detail: <code>{workspace}</code> },
      ]}
    />
  )
}

/** The details, but for what changed, which is shown as a change. */
function detailsOf(entry: AuditEntryProofView, names: Names): { term: string; detail: ReactNode }[] {
  const details = wordedDetails(entry.details, names)
  const isChange = isRecord(details['before']) && isRecord(details['after'])
  return Object.entries(details)
    .filter(([name, value]) => value !== null && !(isChange && (name === 'before' || name === 'after')))
    .map(([name, value]) => ({
      term: readableName(name),
      detail:
        name === 'metadata' ? (
          <Personal entry={entry}>
            <ValueText value={value} names={names} />
          </Personal>
        ) : (
          <ValueText value={value} names={names} />
        ),
    }))
}

/** What it was done to, by its name where it has one. */
function subjectText({ resource: { type, id } }: AuditEntryProofView, names: Names): string {
  return type === 'user' ? names.person(id) : (names.of(id) ?? readableName(type))
}

function IdOf({ id }: { readonly id: string | null }): ReactElement | null {
  const can = useCan()
  if (id === null) return null
  const code = <code>{id}</code>
  return (
    <span className="audit-id">
      {id.startsWith('key_') && can('keys:read') ? (
        <Link to="/keys/$keyId" params={{ keyId: id }}>
          {code}
        </Link>
      ) : (
        code
      )}
    </span>
  )
}

function Personal(props: {
  readonly entry: AuditEntryProofView
  readonly children: ReactNode
}): ReactElement {
  const { entry, children } = props
  if (children === null) {
    return entry.erased ? <span className="quiet-text">Erased, if there was any</span> : <None />
  }
  return (
    <span className="audit-personal">
      <span>{children}</span> <Badge>Personal data</Badge>
    </span>
  )
}

function None(): ReactElement {
  return <span className="quiet-text">None</span>
}
