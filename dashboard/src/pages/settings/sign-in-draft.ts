import type { SetSignInPolicyRequest, SignInPolicyView } from '@bitting/client'
import type { Role } from '@bitting/core'
import { formatCount } from '../../format.js'
import type { Change } from '../../ui/diff-list.js'
import { ROLE_WORDS } from './members-roles.js'

/** The policy while it is edited: what is typed stays as it was typed. */
export interface SignInDraft {
  readonly password: boolean
  readonly passkey: boolean
  readonly secondFactor: boolean
  readonly hours: string
  readonly minutes: string
  readonly sso: boolean
  readonly issuer: string
  readonly clientId: string
  /** Never read back: empty keeps the one that is kept. */
  readonly clientSecret: string
  readonly label: string
  /** One a line. */
  readonly domains: string
  readonly newcomers: Role | 'none'
}

/** The draft that a policy begins as. */
export function draftOf(policy: SignInPolicyView): SignInDraft {
  const sso = policy.single_sign_on
  return {
    password: policy.password,
    passkey: policy.passkey,
    secondFactor: policy.require_second_factor,
    hours: String(policy.session_hours),
    minutes: String(policy.idle_minutes),
    sso: sso !== null,
    issuer: sso?.issuer ?? '',
    clientId: sso?.client_id ?? '',
    clientSecret: '',
    label: sso?.label ?? '',
    domains: sso?.domains.join('\n') ?? '',
    newcomers: sso?.default_role ?? 'none',
  }
}

/** What is sent for a draft. */
export function requestOf(draft: SignInDraft): SetSignInPolicyRequest {
  const secret = draft.clientSecret.trim()
  return {
    password: draft.password,
    passkey: draft.passkey,
    require_second_factor: draft.secondFactor,
    session_hours: Number(draft.hours),
    idle_minutes: Number(draft.minutes),
    single_sign_on: draft.sso
      ? {
          issuer: draft.issuer.trim(),
          client_id: draft.clientId.trim(),
          ...(secret !== '' && { client_secret: secret }),
          label: draft.label.trim(),
          default_role: draft.newcomers === 'none' ? null : draft.newcomers,
          domains: domainsOf(draft),
        }
      : null,
  }
}

/** What differs between two states of the policy, in words. */
export function describeDraft(before: SignInDraft, after: SignInDraft): Change[] {
  const [left, right] = [rowsOf(before), rowsOf(after)]
  return left.flatMap(([field, was], index) => {
    const is = right[index]?.[1] ?? ''
    if (was === is) return []
    return [{ field, ...(was !== '' && { before: was }), ...(is !== '' && { after: is }) }]
  })
}

/** The policy as facts with their names. */
export function rowsOf(draft: SignInDraft): readonly (readonly [string, string])[] {
  const sso = (text: string): string => (draft.sso ? text : '')
  return [
    ['Passwords', draft.password ? 'Allowed' : 'Not allowed'],
    ['Passkeys', draft.passkey ? 'Allowed' : 'Not allowed'],
    ['Second factor', draft.secondFactor ? 'Required' : 'Not required'],
    ['Sessions last at most', formatCount(Number(draft.hours), 'hour')],
    ['Sessions without use last', formatCount(Number(draft.minutes), 'minute')],
    ['Single sign-on', draft.sso ? 'On' : 'Off'],
    ['Issuer', sso(draft.issuer)],
    ['Client id', sso(draft.clientId)],
    ['Name of the button', sso(draft.label)],
    ['Domains', sso(domainsOf(draft).join(', '))],
    ['Role of newcomers', sso(draft.newcomers === 'none' ? 'None' : ROLE_WORDS[draft.newcomers].label)],
  ]
}

function domainsOf({ domains }: SignInDraft): string[] {
  return domains
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter((domain) => domain !== '')
}
