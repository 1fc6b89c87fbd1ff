import type { KeyView } from '@bitting/client'
import { useState, type ReactElement } from 'react'
import { describeError } from '../../api/problem.js'
import { queryClient } from '../../api/query-client.js'
import { path, send } from '../../api/transport.js'
import { formatCount } from '../../format.js'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { Button } from '../../ui/button.js'
import { Notice } from '../../ui/notice.js'
import { toast } from '../../ui/toast.js'
import { useKeyActions, type KeyAction } from '../key-actions/index.js'

type BulkAction = Extract<KeyAction, 'suspend' | 'resume' | 'revoke'>

const BULK = {
  suspend: {
    label: 'Suspend',
    done: 'suspended',
    what: 'Calls with these keys are refused from the next one on, until you resume them.',
  },
  resume: { label: 'Resume', done: 'resumed', what: 'These keys work again at once.' },
  revoke: {
    label: 'Revoke',
    done: 'revoked',
    what: 'Calls with these keys are refused from the next one on. This cannot be taken back.',
  },
} as const satisfies Record<BulkAction, object>

/** What could not be done, and why. */
interface Failure {
  readonly name: string
  readonly message: string
}

/**
 * What can be done with all the keys that are selected. Its dialog stays while it is asked, also when the list has lost
 * the keys meanwhile: it says what could not be done.
 */
export function BulkActions(props: {
  readonly keys: readonly KeyView[]
  readonly onClear: () => void
}): ReactElement {
  const { keys, onClear } = props
  const actionsOf = useKeyActions()
  const [asked, setAsked] = useState<BulkAction | null>(null)
  const able = (action: BulkAction): readonly KeyView[] => keys.filter((key) => actionsOf(key).has(action))
  return (
    <>
      {keys.length > 0 && (
        <div className="keys-bulk" role="region" aria-label="Selected keys">
          <p role="status">{formatCount(keys.length, 'key')} selected</p>
          {(Object.keys(BULK) as BulkAction[]).map((action) => (
            <Button
              key={action}
              small
              variant={action === 'revoke' ? 'danger-quiet' : 'secondary'}
              disabled={able(action).length === 0}
              onClick={() => setAsked(action)}
            >
              {BULK[action].label}
            </Button>
          ))}
          <Button small variant="quiet" onClick={onClear}>
            Clear the selection
          </Button>
        </div>
      )}
      {asked !== null && (
        <BulkDialog
          action={asked}
          keys={able(asked)}
          onClose={(done) => {
            setAsked(null)
            if (done) onClear()
          }}
        />
      )}
    </>
  )
}

function BulkDialog(props: {
  readonly action: BulkAction
  readonly keys: readonly KeyView[]
  readonly onClose: (done: boolean) => void
}): ReactElement {
  const { action, keys, onClose } = props
  // The keys as they were when it was asked: the list behind changes while it is done.
  const [asked] = useState(keys)
  const [count, setCount] = useState<number | null>(null)
  const [failures, setFailures] = useState<readonly Failure[]>([])
  const { label, what, done } = BULK[action]

  async function run(): Promise<void> {
    const failed: Failure[] = []
    setFailures([])
    for (const [index, key] of asked.entries()) {
      setCount(index)
      try {
        await act(action, key)
      } catch (error) {
        failed.push({ name: key.name, message: describeError(error) })
      }
    }
    setCount(null)
    for (const name of ['keys', 'attention', 'audit']) {
      void queryClient.invalidateQueries({ queryKey: [name] })
    }
    if (failed.length > 0) {
      setFailures(failed)
      return
    }
    toast(`${formatCount(asked.length, 'key')} ${done}.`, undoOf(action, asked))
    onClose(true)
  }

  return (
    <AlertDialog
      open
      onClose={() => onClose(failures.length > 0)}
      title={`${label} ${formatCount(asked.length, 'key')}?`}
      description={what}
      confirm={count === null ? label : `${label}: ${String(count + 1)} of ${String(asked.length)}`}
      pending={count !== null}
      danger={action === 'revoke'}
      onConfirm={() => void run()}
    >
      <ul className="keys-asked">
        {asked.map(({ id, name }) => (
          <li key={id}>{name}</li>
        ))}
      </ul>
      {failures.length > 0 && (
        <Notice tone="bad">
          {failures.map(({ name, message }) => (
            <p key={name}>
              “{name}”: {message}
            </p>
          ))}
        </Notice>
      )}
    </AlertDialog>
  )
}

async function act(action: BulkAction, { id }: KeyView): Promise<void> {
  const route = {
    suspend: path`/v1/keys/${id}/suspend`,
    resume: path`/v1/keys/${id}/resume`,
    revoke: path`/v1/keys/${id}/revoke`,
  }
  await send<KeyView>({ method: 'POST', path: route[action], creates: true })
}

/** Suspending and resuming take each other back; a revocation is for good. */
function undoOf(action: BulkAction, keys: readonly KeyView[]): { undo?: () => void } {
  if (action === 'revoke') return {}
  const opposite = action === 'suspend' ? 'resume' : 'suspend'
  return {
    undo: () => {
      void Promise.all(keys.map((key) => act(opposite, key)))
        .catch((error: unknown) => toast(describeError(error), { bad: true }))
        .finally(() => queryClient.invalidateQueries({ queryKey: ['keys'] }))
    },
  }
}
