import type { ReactElement } from 'react'
import { useSession } from '../../session/session.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { ActProblem } from './act-problem.js'
import { usePasskeysHere } from './passkeys-here.js'
import type { GeneratorActs } from './use-generator.js'

/** What somebody sees who has to add a second factor before anything else opens. */
export function SecondFactorCard(props: {
  readonly generator: GeneratorActs
  readonly onAddPasskey: () => void
}): ReactElement {
  const { generator, onAddPasskey } = props
  const { workspace } = useSession()
  const here = usePasskeysHere()
  return (
    <Card
      title="Add a second factor to go on"
      description={`${workspace.name} asks its members for more than a password, so that a password that leaks opens nothing.`}
    >
      <div className="account-ways">
        <div>
          <h3>A code generator</h3>
          <p className="hint">
            An app on your phone, or your password manager, shows six digits that you type after your
            password. Works everywhere.
          </p>
          <Button variant="primary" pending={generator.act.pending} onClick={generator.begin}>
            Add a code generator
          </Button>
        </div>
        {here === true && (
          <div>
            <h3>A passkey</h3>
            <p className="hint">
              Your device’s own lock: a fingerprint, your face or its code. The quickest way, and the safest.
            </p>
            <Button icon="fingerprint" onClick={onAddPasskey}>
              Add a passkey
            </Button>
          </div>
        )}
      </div>
      <ActProblem error={generator.act.error} />
    </Card>
  )
}
