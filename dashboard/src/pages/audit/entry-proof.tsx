import type { AuditEntryProofView } from '@bitting/client'
import { decodeBase64 } from '@bitting/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { describeError } from '../../api/problem.js'
import { path, sendText } from '../../api/transport.js'
import { formatCount } from '../../format.js'
import { Status } from '../../ui/badge.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { CodeBlock } from '../../ui/code-block.js'
import { Notice } from '../../ui/notice.js'
import { QueryView } from '../../ui/query-view.js'
import { toast } from '../../ui/toast.js'
import { CheckSteps } from './check-steps.js'
import { entryProofQuery, type EntryProof as Proof } from './queries.js'
import { saveFile } from './save-file.js'

/** Whether an entry is what the log was signed with, checked in this browser, and the proof to take along. */
export function EntryProof({
  index,
  entry,
}: {
  readonly index: number
  readonly entry: AuditEntryProofView
}): ReactElement {
  const proof = useQuery(entryProofQuery(index, entry))
  return (
    <Card title="Proof" description="Checked in this browser, with the checkpoint that the server signed.">
      <div className="form">
        <div role="status">
          <QueryView query={proof} title="The proof could not be loaded">
            {(data) => <Outcome proof={data} />}
          </QueryView>
        </div>
        {proof.data?.state === 'checked' && <TakeAlong index={index} entry={entry} />}
      </div>
    </Card>
  )
}

function Outcome({ proof }: { readonly proof: Proof }): ReactElement {
  if (proof.state === 'waiting') {
    return (
      <div className="form">
        <Status tone="wait">Waiting for the next checkpoint</Status>
        <p className="hint">One is signed within a second of a new entry.</p>
      </div>
    )
  }
  return (
    <div className="form">
      <Headline proof={proof} />
      <CheckSteps steps={proof.steps} />
    </div>
  )
}

function Headline({ proof }: { readonly proof: Extract<Proof, { state: 'checked' }> }): ReactElement {
  switch (proof.verdict) {
    case 'proved':
      return (
        <Notice tone="good" title="Proved">
          <p>In the log of {formatCount(proof.size, 'entry', 'entries')} that was signed.</p>
        </Notice>
      )
    case 'failed':
      return (
        <Notice tone="bad" title="FAILED: this entry is not what was signed" alert>
          <p>
            Do not rely on what is shown here. Compare with a checkpoint that you kept:{' '}
            <code>npx bitting audit verify</code> names the entries that were changed.
          </p>
        </Notice>
      )
    case 'unchecked':
      return (
        <Notice tone="warn" title="Not everything could be checked in this browser">
          <p>Download the proof and check it with the command below.</p>
        </Notice>
      )
  }
}

function TakeAlong({
  index,
  entry,
}: {
  readonly index: number
  readonly entry: AuditEntryProofView
}): ReactElement {
  const name = `entry-${String(index)}`
  const bundle = useMutation({
    mutationFn: () => sendText({ path: path`/v1/audit/${index}/tlog-proof` }),
    onSuccess: (text) => saveFile(`${name}.tlog-proof`, [text]),
    onError: (error) => toast(describeError(error), { bad: true }),
  })
  return (
    <>
      <h3>Prove it to others</h3>
      <p className="hint">
        Both files prove this entry without this server. Personal data is not in them, only what proves it.
      </p>
      <div className="actions">
        <Button icon="download" pending={bundle.isPending} onClick={() => bundle.mutate()}>
          Save the proof
        </Button>
        <Button
          icon="download"
          onClick={() => saveFile(`${name}.entry`, [new Uint8Array(decodeBase64(entry.raw) ?? [])])}
        >
          Save the entry
        </Button>
      </div>
      <CodeBlock label="Check them" code={`npx bitting audit prove --check ${name} --key log.key`} wrap />
    </>
  )
}
