import type { AuditEntryProofView } from '@bitting/client'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { formatNumber } from '../../format.js'
import { Badge } from '../../ui/badge.js'
import { Card } from '../../ui/card.js'
import { CodeBlock } from '../../ui/code-block.js'
import { PageHeader } from '../../ui/page-header.js'
import { QueryView } from '../../ui/query-view.js'
import './audit.css'
import { Outcome } from './audit-list.js'
import { EntryChanges } from './entry-changes.js'
import { EntryFacts } from './entry-facts.js'
import { EntryProof } from './entry-proof.js'
import { useNames } from './names.js'
import { entryQuery } from './queries.js'
import { whatText } from './words.js'

/** One entry of the audit log, and its proof. */
export function AuditEntryPage(): ReactElement {
  const params = useParams({ from: '/app/audit/$index' })
  const index = Number(params.index)
  const entry = useQuery(entryQuery(index))
  const names = useNames(entry.data === undefined ? undefined : [entry.data])
  return (
    <div className="page">
      <PageHeader
        title={`Entry ${formatNumber(index)}`}
        breadcrumb={<Link to="/audit">Audit</Link>}
        description={entry.data === undefined ? undefined : whatText(entry.data, names)}
        status={
          entry.data !== undefined && (
            <>
              <Outcome entry={entry.data} />
              {entry.data.erased && <Badge tone="warn">Personal data erased</Badge>}
            </>
          )
        }
        actions={<Neighbours index={index} />}
      />
      <QueryView query={entry} title="The entry could not be loaded">
        {(data) => (
          <div className="audit-entry">
            <div className="audit-entry-main">
              <Card title="What happened">
                <EntryFacts entry={data} names={names} />
              </Card>
              <EntryChanges entry={data} names={names} />
              <CodeBlock label="Entry as JSON" code={JSON.stringify(shownOf(data), null, 2)} wrap />
            </div>
            <EntryProof index={index} entry={data} />
          </div>
        )}
      </QueryView>
    </div>
  )
}

/** An entry without the bytes that prove it. */
function shownOf(view: AuditEntryProofView): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(view).filter(([name]) => name !== 'raw' && name !== 'personal'))
}

function Neighbours({ index }: { readonly index: number }): ReactElement {
  return (
    <>
      {index > 0 && (
        <Link to="/audit/$index" params={{ index: String(index - 1) }} className="button secondary">
          <span>Previous</span>
        </Link>
      )}
      <Link to="/audit/$index" params={{ index: String(index + 1) }} className="button secondary">
        <span>Next</span>
      </Link>
    </>
  )
}
