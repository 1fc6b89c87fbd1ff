import type { ResendRequest, WebhookEndpointView } from '@bitting/client'
import { useId, useState, type ReactElement } from 'react'
import { fieldErrors } from '../../api/problem.js'
import { path, send } from '../../api/transport.js'
import { formatCount, formatNumber } from '../../format.js'
import { FormProblem } from '../../session/form-problem.js'
import { Button } from '../../ui/button.js'
import { DateTimeInput } from '../../ui/date-time-input.js'
import { Dialog } from '../../ui/dialog.js'
import { Field } from '../../ui/field.js'
import { RadioGroup } from '../../ui/radio-group.js'
import { toast } from '../../ui/toast.js'
import { useAct } from '../key-actions/use-act.js'
import { webhooksChanged } from './queries.js'

/** Asks what to send again: what failed, or what was missed or failed since a time. */
export function ResendDialog({
  endpoint: { id, deliveries },
  onClose,
}: {
  readonly endpoint: WebhookEndpointView
  readonly onClose: () => void
}): ReactElement {
  const form = useId()
  const [what, setWhat] = useState<'failed' | 'since'>('failed')
  const [since, setSince] = useState<string | null>(null)
  const [tried, setTried] = useState(false)
  const act = useAct()
  const choices = [
    { value: 'failed', label: `Everything that failed (${formatNumber(deliveries.failed)})` },
    { value: 'since', label: 'What was missed or failed since a time' },
  ] as const
  const missing = what === 'since' && since === null

  async function resend(): Promise<void> {
    toast(await sendAgain(id, since === null || what === 'failed' ? { failed: true } : { since }))
    onClose()
  }

  return (
    <Dialog
      open
      onClose={onClose}
      title="Resend deliveries"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form={form} pending={act.pending}>
            Resend
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          setTried(true)
          if (!missing) act.run(resend)
        }}
      >
        <RadioGroup legend="What to send again" value={what} onValueChange={setWhat} choices={choices} />
        {what === 'since' && (
          <SinceField
            value={since}
            onValueChange={setSince}
            error={missing && tried ? 'Enter a date and a time.' : fieldErrors(act.error)['since']}
          />
        )}
        <FormProblem error={act.error} />
      </form>
    </Dialog>
  )
}

function SinceField(props: {
  readonly value: string | null
  readonly onValueChange: (value: string | null) => void
  readonly error: string | undefined
}): ReactElement {
  const { error, ...input } = props
  return (
    <Field label="Since" hint="In your local time." error={error}>
      {(control) => <DateTimeInput {...control} {...input} />}
    </Field>
  )
}

async function sendAgain(id: string, body: ResendRequest): Promise<string> {
  const { resent } = await send<{ readonly resent: number }>({
    method: 'POST',
    path: path`/v1/webhook-endpoints/${id}/resend`,
    body,
  })
  await webhooksChanged()
  if (resent === 0) return 'There was nothing to send again.'
  return `${formatCount(resent, 'delivery', 'deliveries')} sent again.`
}
