import type { ReactElement } from 'react'
import { passkeysWork } from '../../session/passkey.js'
import { useSignInOptions } from '../../session/session.js'
import { Notice } from '../../ui/notice.js'

const LOOPBACK = /^(?:127(?:\.\d+){3}|\[::1\])$/

/** Whether passkeys can be made and used on this page; undefined as long as it is not known. */
export function usePasskeysHere(): boolean | undefined {
  const { data: options } = useSignInOptions()
  return options === undefined ? undefined : options.passkeys && passkeysWork()
}

/** Says why passkeys cannot be used at the address of this page, and where they can. */
export function WhyNoPasskeys(): ReactElement {
  if (LOOPBACK.test(location.hostname)) {
    const there = `${location.protocol}//localhost:${location.port}${location.pathname}`
    return (
      <Notice title="Not at this address">
        <p>
          Passkeys belong to a host name, and this page was opened by an IP address. Open it as{' '}
          <a href={there}>{there}</a> and sign in there.
        </p>
      </Notice>
    )
  }
  return (
    <Notice title="Not at this address">
      <p>
        Passkeys need a host name and https, or <code>localhost</code>. Ask who runs this installation for the
        address that has both.
      </p>
    </Notice>
  )
}
