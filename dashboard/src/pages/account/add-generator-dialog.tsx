import { useId, useRef, useState, type ReactElement, type RefObject } from 'react'
import { fieldErrors, isRefusal } from '../../api/problem.js'
import { send } from '../../api/transport.js'
import { Button } from '../../ui/button.js'
import { CopyButton } from '../../ui/copy-button.js'
import { Dialog } from '../../ui/dialog.js'
import { Field } from '../../ui/field.js'
import { TextInput } from '../../ui/text-input.js'
import { useAct } from '../key-actions/use-act.js'
import { ActProblem } from './act-problem.js'
import { QrCode } from './qr-code.js'

/** A generator that is not confirmed yet. */
export interface OfferedGenerator {
  /** In base32. */
  readonly secret: string
  /** `otpauth://totp/…` */
  readonly uri: string
}

/** Shows the secret of a new generator, and takes its first code as proof that it works. */
export function AddGeneratorDialog(props: {
  readonly offer: OfferedGenerator
  readonly onConfirmed: (recoveryCodes: readonly string[]) => void
  readonly onBeginAgain: () => void
  readonly onClose: () => void
}): ReactElement {
  const { offer, onConfirmed, onBeginAgain, onClose } = props
  const form = useId()
  const [code, setCode] = useState('')
  const input = useRef<HTMLInputElement>(null)
  const act = useAct()
  const isOver = isRefusal(act.error, 'state_conflict')
  const confirm = (): void => act.run(async () => onConfirmed(await confirmGenerator(code.trim())))
  return (
    <Dialog
      open
      keepOnPressOutside
      title="Add a code generator"
      description="Any app for one-time codes will do, your password manager’s too."
      onClose={onClose}
      initialFocus={input}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          {isOver ? (
            <Button variant="primary" onClick={onBeginAgain}>
              Begin again
            </Button>
          ) : (
            <Button type="submit" form={form} variant="primary" pending={act.pending}>
              Confirm
            </Button>
          )}
        </>
      }
    >
      <form
        id={form}
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          confirm()
        }}
      >
        <Offer offer={offer} />
        <NewCodeField
          inputRef={input}
          value={code}
          error={fieldErrors(act.error)['code']}
          onValueChange={setCode}
        />
        <ActProblem error={act.error} fields={['code']} />
      </form>
    </Dialog>
  )
}

async function confirmGenerator(code: string): Promise<readonly string[]> {
  const { recovery_codes: codes } = await send<{ recovery_codes: string[] }>({
    method: 'POST',
    path: '/v1/account/totp/confirm',
    body: { code },
  })
  return codes
}

function NewCodeField(props: {
  readonly inputRef: RefObject<HTMLInputElement | null>
  readonly value: string
  readonly error: string | undefined
  readonly onValueChange: (value: string) => void
}): ReactElement {
  const { inputRef, value, error, onValueChange } = props
  return (
    <Field label="2. Type the code that it shows" hint="Six digits, new every 30 seconds." error={error}>
      {(control) => (
        <TextInput
          {...control}
          ref={inputRef}
          mono
          name="code"
          inputMode="numeric"
          autoComplete="one-time-code"
          required
          maxLength={64}
          value={value}
          onValueChange={onValueChange}
        />
      )}
    </Field>
  )
}

function Offer({ offer: { secret, uri } }: { readonly offer: OfferedGenerator }): ReactElement {
  return (
    <div className="account-offer">
      <QrCode text={uri} label="QR code for your app" />
      <div className="account-offer-text">
        <h3>1. Scan this with your app</h3>
        <p className="hint">Or type this secret into it, as a time-based one:</p>
        <code className="account-secret">{secret.match(/.{1,4}/g)?.join(' ')}</code>
        <CopyButton text={secret} label="Copy the secret" />
      </div>
    </div>
  )
}
