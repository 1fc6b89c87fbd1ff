import type { PasskeyView } from '@bitting/client'
import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/browser'
import { useQueryClient } from '@tanstack/react-query'
import { useId, useState, type ReactElement } from 'react'
import { fieldErrors } from '../../api/problem.js'
import { send } from '../../api/transport.js'
import { makePasskey } from '../../session/passkey.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { Field } from '../../ui/field.js'
import { Notice } from '../../ui/notice.js'
import { TextInput } from '../../ui/text-input.js'
import { toast } from '../../ui/toast.js'
import { useAct } from '../key-actions/use-act.js'
import { ActProblem } from './act-problem.js'
import { deviceWords } from './device-words.js'
import { passkeysQuery } from './queries.js'
import { refreshSession } from './refresh-session.js'

/** Asks what a new passkey is to be called, and has the browser make it. */
export function AddPasskeyDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  const client = useQueryClient()
  const form = useId()
  const [name, setName] = useState(() => deviceWords(navigator.userAgent))
  const act = useAct()
  const add = (): void =>
    act.run(async () => {
      const added = await addPasskey(name.trim())
      onClose()
      toast(`The passkey “${added}” was added.`)
      await Promise.all([client.invalidateQueries(passkeysQuery), refreshSession()])
    })
  return (
    <Dialog
      open
      keepOnPressOutside
      title="Add a passkey"
      description="Your browser asks where it is to be: on this device, your phone, or a security key."
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" icon="fingerprint" pending={act.pending}>
            Continue
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          add()
        }}
      >
        <Field
          label="Name"
          hint="So that you know it again in the list."
          error={fieldErrors(act.error)['name']}
        >
          {(control) => (
            <TextInput
              {...control}
              name="passkey"
              required
              maxLength={100}
              value={name}
              onValueChange={setName}
            />
          )}
        </Field>
        <PasskeyProblem error={act.error} />
      </form>
    </Dialog>
  )
}

/** Has the browser make a passkey; returns the name that it has. */
async function addPasskey(wanted: string): Promise<string> {
  const { options } = await send<{ options: PublicKeyCredentialCreationOptionsJSON }>({
    method: 'POST',
    path: '/v1/account/passkeys/options',
  })
  const body = { name: wanted, response: await makePasskey(options) }
  const { name } = await send<PasskeyView>({ method: 'POST', path: '/v1/account/passkeys', body })
  return name
}

function PasskeyProblem({ error }: { readonly error: unknown }): ReactElement | null {
  // What authenticators say that have one of the account already (Web Authentication Level 3, Section 5.1.3).
  if (!(error instanceof Error) || error.name !== 'InvalidStateError') {
    return <ActProblem error={error} fields={['name']} />
  }
  return (
    <Notice tone="bad" alert>
      <p>
        There is a passkey of yours on this device already. Choose another device, or keep the one you have.
      </p>
    </Notice>
  )
}
