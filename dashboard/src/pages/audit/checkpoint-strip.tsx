import type { ConsistencyProofView } from '@bitting/client'
import { peekCheckpoint } from '@bitting/core'
import { useMutation, useQuery, type UseMutationResult } from '@tanstack/react-query'
import { useState, type ReactElement } from 'react'
import { describeError } from '../../api/problem.js'
import { get } from '../../api/transport.js'
import { formatCount } from '../../format.js'
import { useSession } from '../../session/session.js'
import { Button } from '../../ui/button.js'
import { CopyButton } from '../../ui/copy-button.js'
import { Icon } from '../../ui/icon.js'
import { Notice } from '../../ui/notice.js'
import { checkCheckpoint, type CheckpointReport } from './check-checkpoint.js'
import { CheckSteps } from './check-steps.js'
import { CheckpointDialog } from './checkpoint-dialog.js'
import { headQuery, readHead, type Head } from './queries.js'
import { keepSeenHead, readSeenHead } from './seen-head.js'

/** What a check had before it, and what came of it. */
interface Checked {
  readonly head: Head
  readonly report: CheckpointReport
}

/** The newest checkpoint in a line, and what checking it here came to. */
export function CheckpointStrip(): ReactElement {
  const head = useQuery(headQuery)
  const check = useCheck()
  const [open, setOpen] = useState(false)
  const known = head.data ?? null
  const size = known === null ? null : (peekCheckpoint(known.note)?.size ?? null)
  return (
    <section className="checkpoint" aria-label="Newest checkpoint">
      <div className="checkpoint-strip">
        <Icon name="shield" />
        <p>{head.isError ? describeError(head.error) : summaryOf(head.data, size)}</p>
        <div className="actions">
          <Button small pending={check.isPending} disabled={known === null} onClick={() => check.mutate()}>
            Check here now
          </Button>
          <Button small variant="quiet" disabled={known === null} onClick={() => setOpen(true)}>
            How to verify it
          </Button>
        </div>
      </div>
      <div role="status">{check.data !== undefined && <Verdict checked={check.data} />}</div>
      {check.isError && (
        <Notice tone="warn" title="The check could not be made" alert>
          <p>{describeError(check.error)}</p>
        </Notice>
      )}
      {open && known !== null && <CheckpointDialog head={known} onClose={() => setOpen(false)} />}
    </section>
  )
}

function summaryOf(head: Head | null | undefined, size: number | null): string {
  if (head === undefined) return 'Loading the newest checkpoint…'
  if (head === null) return 'The first checkpoint comes within a second of the first entry.'
  if (size === null) return 'The newest checkpoint cannot be read.'
  return `Signed: ${formatCount(size, 'entry', 'entries')}.`
}

/** Checks the newest checkpoint, and keeps it where everything holds. */
function useCheck(): UseMutationResult<Checked, Error, void> {
  const { workspace } = useSession()
  return useMutation({
    mutationFn: async () => {
      const head = await readHead()
      if (head === null) throw new Error('no checkpoint')
      const report = await checkCheckpoint(head, workspace.id, readSeenHead(workspace.id), (from, to) =>
        get<ConsistencyProofView>('/v1/audit/consistency', { from, to }),
      )
      if (report.verdict === 'proved') keepSeenHead(workspace.id, head)
      return { head, report }
    },
  })
}

function Verdict({ checked: { head, report } }: { readonly checked: Checked }): ReactElement {
  const { verdict, steps, before } = report
  if (verdict === 'failed') {
    return (
      <Notice tone="bad" title="FAILED: this log is not what was signed" alert>
        <CheckSteps steps={steps} />
        <p>Keep both checkpoints where nobody else can change them, and ask who runs this server.</p>
        <div className="actions">
          <CopyButton text={head.note} label="Copy the new checkpoint" />
          {before !== null && <CopyButton text={before.note} label="Copy the earlier checkpoint" />}
        </div>
      </Notice>
    )
  }
  const isGood = verdict === 'proved'
  const isFirst = steps.some(({ state }) => state === 'first')
  const good = isFirst
    ? 'The signature is valid; there is nothing to compare with yet'
    : 'Checked in this browser: everything holds'
  return (
    <Notice tone={isGood ? 'good' : 'warn'} title={isGood ? good : 'This browser could not check everything'}>
      <CheckSteps steps={steps} />
    </Notice>
  )
}
