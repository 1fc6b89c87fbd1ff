import type { SessionView } from '@bitting/client'
import { useQueryClient } from '@tanstack/react-query'
import { useId, useState, type ReactElement } from 'react'
import { fieldErrors } from '../../api/problem.js'
import { send } from '../../api/transport.js'
import { NewPasswordField } from '../../session/new-password-field.js'
import { adoptSession, useSession } from '../../session/session.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { Dialog } from '../../ui/dialog.js'
import { toast } from '../../ui/toast.js'
import { useAct } from '../key-actions/use-act.js'
import { ActProblem } from './act-problem.js'
import { ownSessionsQuery } from './queries.js'

/** The password of the account. */
export function PasswordCard(): ReactElement {
  const { user } = useSession()
  const [open, setOpen] = useState(false)
  const act = user.has_password ? 'Change the password' : 'Set a password'
  return (
    <Card
      title="Password"
      description={
        user.has_password
          ? 'A new one ends your sessions everywhere but here.'
          : 'You have none: you sign in another way.'
      }
      actions={<Button onClick={() => setOpen(true)}>{act}</Button>}
    >
      {open && <PasswordDialog title={act} onClose={() => setOpen(false)} />}
    </Card>
  )
}

function PasswordDialog(props: { readonly title: string; readonly onClose: () => void }): ReactElement {
  const { title, onClose } = props
  const { user } = useSession()
  const client = useQueryClient()
  const form = useId()
  const [password, setPassword] = useState('')
  const act = useAct()
  function save(): void {
    act.run(async () => {
      const session = await send<SessionView>({
        method: 'POST',
        path: '/v1/account/password',
        body: { password },
      })
      adoptSession(session)
      onClose()
      toast('Your password was changed. Your other sessions have ended.')
      await client.invalidateQueries(ownSessionsQuery)
    })
  }
  return (
    <Dialog
      open
      keepOnPressOutside
      title={title}
      description="Your other sessions end, so that whoever knew the old password is out."
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" pending={act.pending}>
            Save the password
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          save()
        }}
      >
        <input type="text" name="username" autoComplete="username" value={user.email} readOnly hidden />
        <NewPasswordField
          label="New password"
          value={password}
          onValueChange={setPassword}
          error={fieldErrors(act.error)['password']}
        />
        <ActProblem error={act.error} fields={['password']} />
      </form>
    </Dialog>
  )
}
