import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactElement } from 'react'
import { isRefusal } from '../../api/problem.js'
import { useStore } from '../../api/store.js'
import { send } from '../../api/transport.js'
import { Entrance } from '../../layout/entrance.js'
import { oneTimeCode } from '../../session/one-time-code.js'
import { Notice } from '../../ui/notice.js'
import { OwnerForm } from './owner-form.js'

/** Where the one-time link leads that the terminal shows at the first start: makes the owner's account. */
export function SetupPage(): ReactElement {
  const code = useStore(oneTimeCode)
  const [spent, setSpent] = useState<string | null>(null)
  // So that nobody fills in the form for a link that is over. Whatever else goes wrong shows when it is sent.
  const look = useQuery({
    queryKey: ['setup', code],
    gcTime: 0,
    enabled: code !== '',
    queryFn: ({ signal }) =>
      send({ method: 'POST', path: '/v1/setup/view', body: { code }, signal, unattended: true }),
  })
  if (code === '') {
    return (
      <UnusableLink title="The link is incomplete">
        Its last part, after the #, is missing. Copy the whole line from the terminal and open it again.
      </UnusableLink>
    )
  }
  if (spent === code || isRefusal(look.error, 'invalid_token')) {
    return (
      <UnusableLink title="The link does not work any more">
        It was used already, or is older than an hour, or a newer one took its place. As long as nothing is
        set up, a restart of the program prints a new one.
      </UnusableLink>
    )
  }
  return (
    <Entrance
      title="Set up Bitting"
      description="Make the account that owns this installation. You can invite others as soon as you are in."
    >
      <OwnerForm code={code} onSpent={() => setSpent(code)} />
    </Entrance>
  )
}

function UnusableLink(props: { readonly title: string; readonly children: string }): ReactElement {
  return (
    <Entrance title="Set up Bitting">
      <Notice tone="warn" title={props.title} alert>
        <p>{props.children}</p>
      </Notice>
      <p className="hint">
        Set up already? <Link to="/sign-in">Sign in</Link>.
      </p>
    </Entrance>
  )
}
