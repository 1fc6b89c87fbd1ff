import type { ReactElement } from 'react'
import { path } from '../api/transport.js'
import { Icon } from '../ui/icon.js'

/** The page that says that one can go back to where one was. */
const DONE = '/sign-in?done=true'

/**
 * Leads to the identity provider of a workspace. Without `returnTo` it opens beside the page, so that nothing typed here
 * is lost.
 */
export function SsoLink(props: {
  readonly workspaceId: string
  readonly label: string
  readonly returnTo?: string | undefined
  readonly stepUp?: boolean
}): ReactElement {
  const { workspaceId, label, returnTo, stepUp = false } = props
  const query = new URLSearchParams({ ...(stepUp && { step_up: '1' }), return_to: returnTo ?? DONE })
  const beside = returnTo === undefined
  return (
    <a
      className="button secondary"
      href={`${path`/v1/auth/sso/${workspaceId}`}?${query.toString()}`}
      target={beside ? '_blank' : undefined}
      rel={beside ? 'noopener' : undefined}
    >
      <Icon name={beside ? 'external' : 'shield'} size={18} />
      <span>
        {label}
        {beside && <span className="visually-hidden"> (opens beside this page)</span>}
      </span>
    </a>
  )
}
