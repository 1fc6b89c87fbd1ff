import type { InvitationWithLink } from '@bitting/client'
import { ROLES, type Role } from '@bitting/core'
import { useEffect, useId, useRef, useState, type ReactElement } from 'react'
import { fieldErrors } from '../../api/problem.js'
import { send } from '../../api/transport.js'
import { useSession } from '../../session/session.js'
import { Button } from '../../ui/button.js'
import { Dialog } from '../../ui/dialog.js'
import { Field } from '../../ui/field.js'
import { RadioGroup } from '../../ui/radio-group.js'
import { SecretBox } from '../../ui/secret-box.js'
import { TextInput } from '../../ui/text-input.js'
import { Time } from '../../ui/time.js'
import { ActProblem } from '../account/act-problem.js'
import { useAct } from '../key-actions/use-act.js'
import { ROLE_WORDS, withArticle } from './members-roles.js'

/** Invites somebody, and shows the link this once. It lives in this dialog alone. */
export function MembersInviteDialog(props: {
  readonly onInvited: () => Promise<void>
  readonly onClose: () => void
}): ReactElement {
  const { onInvited, onClose } = props
  const form = useId()
  const [made, setMade] = useState<InvitationWithLink | null>(null)
  const [draft, setDraft] = useState<Draft>({ email: '', role: 'developer' })
  const act = useAct()
  function invite(): void {
    act.run(async () => {
      const body = { email: draft.email.trim(), role: draft.role }
      setMade(await send<InvitationWithLink>({ method: 'POST', path: '/v1/invitations', body }))
      await onInvited()
    })
  }
  if (made !== null) return <LinkDialog made={made} onClose={onClose} />
  return (
    <Dialog
      open
      keepOnPressOutside
      title="Invite somebody"
      description="They get a link from you, and choose their own password with it."
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" pending={act.pending}>
            Make the link
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          invite()
        }}
      >
        <InviteFields draft={draft} error={fieldErrors(act.error)['email']} onChange={setDraft} />
        <ActProblem error={act.error} fields={['email']} />
      </form>
    </Dialog>
  )
}

interface Draft {
  readonly email: string
  readonly role: Role
}

function InviteFields(props: {
  readonly draft: Draft
  readonly error: string | undefined
  readonly onChange: (draft: Draft) => void
}): ReactElement {
  const { draft, error, onChange } = props
  const { role } = useSession()
  const choices = ROLES.filter((it) => it !== 'owner' || role === 'owner')
  return (
    <>
      <Field label="E-mail" hint="Nothing is sent to it: you hand over the link." error={error}>
        {(control) => (
          <TextInput
            {...control}
            name="invited"
            type="email"
            required
            maxLength={254}
            value={draft.email}
            onValueChange={(email) => onChange({ ...draft, email })}
          />
        )}
      </Field>
      <RadioGroup
        legend="Role"
        value={draft.role}
        onValueChange={(next) => onChange({ ...draft, role: next })}
        choices={choices.map((it) => ({ value: it, label: ROLE_WORDS[it].label, hint: ROLE_WORDS[it].can }))}
      />
    </>
  )
}

function LinkDialog(props: {
  readonly made: InvitationWithLink
  readonly onClose: () => void
}): ReactElement {
  const { made, onClose } = props
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => place.current?.focus(), [])
  const { email, role, expires_at: expires } = made.invitation
  return (
    <Dialog
      open
      keepOnPressOutside
      title="Send them this link"
      description={
        <>
          Whoever opens it joins as {withArticle(role)} under <b>{email}</b>, so send it to them alone. It
          works once and ends <Time value={expires} />.
        </>
      }
      onClose={onClose}
      actions={<Button onClick={onClose}>Done</Button>}
    >
      <div className="members-link" ref={place} tabIndex={-1}>
        <SecretBox label="Link of the invitation" secret={made.url} />
        <p className="hint">Lost it? Invite the same address again: the new link replaces this one.</p>
      </div>
    </Dialog>
  )
}
