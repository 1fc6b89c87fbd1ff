import type { SessionView } from '@bitting/client'
import { useState, type ReactElement } from 'react'
import { send } from '../../api/transport.js'
import { formatCount } from '../../format.js'
import { adoptSession, useSession } from '../../session/session.js'
import { AlertDialog } from '../../ui/alert-dialog.js'
import { Status } from '../../ui/badge.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { Notice } from '../../ui/notice.js'
import { toast } from '../../ui/toast.js'
import { useAct } from '../key-actions/use-act.js'
import { ActProblem } from './act-problem.js'
import type { GeneratorActs } from './use-generator.js'

/** So few recovery codes ask for new ones. */
const FEW_CODES = 3

/** The code generator of the account, and the recovery codes for its loss. */
export function GeneratorCard({ generator }: { readonly generator: GeneratorActs }): ReactElement {
  const { user } = useSession()
  const { act, begin, renewCodes } = generator
  return (
    <Card
      title="Code generator"
      description="An app that shows six digits, asked for after your password."
      actions={
        user.has_totp ? (
          <RemoveGenerator />
        ) : (
          <Button icon="plus" pending={act.pending} onClick={begin}>
            Add a code generator
          </Button>
        )
      }
    >
      <div className="account-stack">
        {user.has_totp ? (
          <RecoveryState left={user.recovery_codes} pending={act.pending} onRenew={renewCodes} />
        ) : (
          <Status tone="quiet">None</Status>
        )}
        <ActProblem error={act.error} />
      </div>
    </Card>
  )
}

function RecoveryState(props: {
  readonly left: number
  readonly pending: boolean
  readonly onRenew: () => void
}): ReactElement {
  const { left, pending, onRenew } = props
  const [asking, setAsking] = useState(false)
  const few = left < FEW_CODES
  return (
    <>
      <Status tone="good">In use</Status>
      {few && (
        <Notice tone="warn">
          <p>
            {left === 0 ? 'No recovery code is left' : `Only ${formatCount(left, 'recovery code')} left`}. Get
            new ones, so that losing your device does not lock you out.
          </p>
        </Notice>
      )}
      <div className="account-line">
        <p>{formatCount(left, 'recovery code')} left, each good once in place of a code.</p>
        <Button small pending={pending} onClick={() => setAsking(true)}>
          Get new recovery codes
        </Button>
      </div>
      <AlertDialog
        open={asking}
        danger={false}
        title="Get new recovery codes?"
        description="Those that you have stop working at once."
        confirm="Get new codes"
        onClose={() => setAsking(false)}
        onConfirm={() => {
          setAsking(false)
          onRenew()
        }}
      />
    </>
  )
}

function RemoveGenerator(): ReactElement {
  const [asking, setAsking] = useState(false)
  const act = useAct()
  function remove(): void {
    act.run(async () => {
      adoptSession(await send<SessionView>({ method: 'DELETE', path: '/v1/account/totp' }))
      setAsking(false)
      toast('The code generator was removed.')
    })
  }
  return (
    <>
      <Button variant="danger-quiet" onClick={() => setAsking(true)}>
        Remove
      </Button>
      <AlertDialog
        open={asking}
        title="Remove the code generator?"
        description="Your password alone opens the account then, and the recovery codes end. Workspaces that ask for a second factor stay closed until you have one again."
        confirm="Remove it"
        pending={act.pending}
        onClose={() => {
          setAsking(false)
          act.reset()
        }}
        onConfirm={remove}
      >
        <ActProblem error={act.error} />
      </AlertDialog>
    </>
  )
}
