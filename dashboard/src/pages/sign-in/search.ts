import { textParameter, type RawSearch } from '../search.js'

/** The search parameters of `/sign-in`. */
export interface SignInSearch {
  /** Where to go afterwards: a path of the dashboard. */
  readonly return_to?: string | undefined
  /** Why a sign-in through an identity provider did not work: the code of a problem. */
  readonly problem?: string | undefined
  /** The workspace whose single sign-on another site asked for. */
  readonly sso?: string | undefined
  /** True where the identity provider was asked beside a page that waits for it. */
  readonly done?: true | undefined
}

/** The id of a workspace. */
const WORKSPACE_ID = /^ws_[0-9A-Za-z]+$/

/** Reads the search parameters of `/sign-in`. What cannot be read is left out. */
export function signInSearch(raw: RawSearch): SignInSearch {
  const sso = textParameter(raw['sso'])
  return {
    return_to: textParameter(raw['return_to']),
    problem: textParameter(raw['problem']),
    sso: sso !== undefined && WORKSPACE_ID.test(sso) ? sso : undefined,
    done: raw['done'] === true ? true : undefined,
  }
}
