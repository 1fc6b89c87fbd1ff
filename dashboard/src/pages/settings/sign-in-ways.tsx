import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { membersQuery } from '../../people/members-query.js'
import { Card } from '../../ui/card.js'
import { Field } from '../../ui/field.js'
import { Switch } from '../../ui/switch.js'
import { TextInput } from '../../ui/text-input.js'
import type { SignInDraft } from './sign-in-draft.js'
import type { SettingsForm } from './use-settings-form.js'

/** What a part of the form takes. */
export interface SignInPartProps {
  readonly form: SettingsForm<SignInDraft>
}

/** Which ways open the workspace. */
export function SignInWays({ form: { draft, edit } }: SignInPartProps): ReactElement {
  return (
    <Card title="Ways in" description="What is turned off here ends the sessions that came by it, at once.">
      <div className="sign-in-switches">
        <Switch
          label="Passwords"
          hint="With a code generator where the person has one."
          checked={draft.password}
          onCheckedChange={(password) => edit({ password })}
        />
        <Switch
          label="Passkeys"
          hint="Count as two factors: the device, and who holds it."
          checked={draft.passkey}
          onCheckedChange={(passkey) => edit({ passkey })}
        />
        <Switch
          label="Require a second factor"
          hint={<SecondFactorHint />}
          checked={draft.secondFactor}
          onCheckedChange={(secondFactor) => edit({ secondFactor })}
        />
      </div>
    </Card>
  )
}

/** Who would be held up. */
function SecondFactorHint(): ReactElement {
  const members = useQuery(membersQuery)
  const without = members.data?.filter(({ second_factor: has }) => !has).length ?? 0
  const all = members.data?.length ?? 0
  return (
    <>
      Whoever signs in with a password adds a code generator or a passkey before anything else opens.
      {without > 0 &&
        ` ${String(without)} of ${String(all)} ${all === 1 ? 'member has' : 'members have'} none yet.`}
    </>
  )
}

/** How long sessions last. */
export function SignInSessions({ form: { draft, edit, fields } }: SignInPartProps): ReactElement {
  return (
    <Card title="Sessions" description="Shorter ones are safer where people leave their browsers open.">
      <div className="form-row">
        <Field
          label="Hours at most"
          hint="Then people sign in anew. 1 to 720."
          error={fields['session_hours']}
        >
          {(control) => (
            <TextInput
              {...control}
              type="number"
              min={1}
              max={720}
              step={1}
              required
              value={draft.hours}
              onValueChange={(hours) => edit({ hours })}
            />
          )}
        </Field>
        <Field
          label="Minutes without use"
          hint="5 to 43,200, which is 30 days."
          error={fields['idle_minutes']}
        >
          {(control) => (
            <TextInput
              {...control}
              type="number"
              min={5}
              max={43_200}
              step={1}
              required
              value={draft.minutes}
              onValueChange={(minutes) => edit({ minutes })}
            />
          )}
        </Field>
      </div>
    </Card>
  )
}
