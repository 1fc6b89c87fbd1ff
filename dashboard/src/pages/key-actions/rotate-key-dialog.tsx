import type { KeyView, KeyWithToken } from '@bitting/client'
import { useId, useState, type ReactElement } from 'react'
import { path, send } from '../../api/transport.js'
import { formatTime } from '../../format.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { KeyHint } from '../../ui/key-hint.js'
import { RadioGroup } from '../../ui/radio-group.js'
import { TokenDialog } from '../key-editor/token-dialog.js'
import { ActionProblem } from './action-problem.js'
import { KeyDialogHost, type KeyDialogContentProps, type KeyDialogProps } from './key-dialog.js'
import { LastUse } from './last-use.js'
import { endOf, OVERLAPS, usualOverlap, type Overlap } from './overlap.js'
import { keyChanged } from './queries.js'
import { useAct } from './use-act.js'
import './key-actions.css'

const CHOICES = OVERLAPS.map(({ value, label }) => ({
  value,
  label: value === '0' ? 'Now' : `After ${label}`,
}))

/** Gives a key a new secret, and shows it this once. */
export function RotateKeyDialog(props: KeyDialogProps): ReactElement {
  return <KeyDialogHost {...props} content={RotateKey} />
}

function RotateKey({ apiKey, open, onDone, onReload }: KeyDialogContentProps): ReactElement {
  const [chosen, setChosen] = useState<Overlap | null>(null)
  const [created, setCreated] = useState<KeyWithToken | null>(null)
  const act = useAct()
  const form = useId()
  const overlap = chosen ?? usualOverlap(apiKey)

  async function rotate(): Promise<void> {
    const rotated = await send<KeyWithToken>({
      method: 'POST',
      path: path`/v1/keys/${apiKey.id}/rotate`,
      body: { overlap_seconds: Number(overlap) },
      version: apiKey.version,
      creates: true,
    })
    keyChanged(rotated.key)
    setCreated(rotated)
  }

  function finish(): void {
    const key = created?.key ?? null
    setCreated(null)
    onDone(key)
  }

  return (
    <>
      <TokenDialog created={created} onDone={finish} title="The new secret" />
      <Dialog
        open={open && created === null}
        onClose={() => onDone(null)}
        title={`Rotate “${apiKey.name}”`}
        description={
          <p>
            The key gets a new secret. Its id, name, permissions and conditions stay.{' '}
            <LastUse apiKey={apiKey} />
          </p>
        }
        actions={
          <>
            <Button onClick={() => onDone(null)}>Cancel</Button>
            <Button variant="primary" type="submit" form={form} pending={act.pending}>
              Rotate key
            </Button>
          </>
        }
      >
        <RotateForm
          id={form}
          apiKey={apiKey}
          overlap={overlap}
          onOverlap={setChosen}
          onSubmit={() => act.run(rotate)}
        />
        <ActionProblem act={act} apiKey={apiKey} onReload={onReload} />
      </Dialog>
    </>
  )
}

function RotateForm(props: {
  readonly id: string
  readonly apiKey: KeyView
  readonly overlap: Overlap
  readonly onOverlap: (overlap: Overlap) => void
  readonly onSubmit: () => void
}): ReactElement {
  const { id, apiKey, overlap, onOverlap, onSubmit } = props
  return (
    <form
      id={id}
      className="key-act"
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      <RadioGroup
        legend="The old secret stops working"
        value={overlap}
        onValueChange={onOverlap}
        choices={CHOICES}
      />
      <Consequence apiKey={apiKey} overlap={overlap} />
    </form>
  )
}

/** What a rotation will do, to which secret and when. */
function Consequence({
  apiKey: { secrets },
  overlap,
}: {
  readonly apiKey: KeyView
  readonly overlap: Overlap
}): ReactElement {
  const current = secrets.find(({ state }) => state === 'current')
  const retiring = secrets.find(({ state }) => state === 'retiring')
  return (
    <div className="key-act-consequence" role="status">
      {current !== undefined && (
        <p>
          <KeyHint hint={current.hint} />{' '}
          {overlap === '0'
            ? 'stops working within a moment. Callers that have it are refused until they have the new one.'
            : `works until ${formatTime(endOf(overlap))}, beside the new one. Give the new one to every caller by then.`}
        </p>
      )}
      {retiring !== undefined && (
        <p>
          <KeyHint hint={retiring.hint} /> is still retiring from the rotation before, and stops working at
          once: two secrets of a key are good at a time.
        </p>
      )}
    </div>
  )
}
