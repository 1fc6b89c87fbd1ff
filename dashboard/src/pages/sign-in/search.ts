import { textParameter, type RawSearch } from '../search.js'

/** The search parameters of `/sign-in`. */
export interface SignInSearch {
  /** Where to go afterwards: a path of the dashboard. */
  readonly return_to?: string | undefined
  /** Why a sign-in through an identity provider did not work: the code of a problem. */
  readonly problem?: string | undefined
  /** True where the identity provider was asked beside a page that waits for it. */
  readonly done?: true | undefined
}

/** Reads the search parameters of `/sign-in`. What cannot be read is left out. */
export function signInSearch(raw: RawSearch): SignInSearch {
  return {
    return_to: textParameter(raw['return_to']),
    problem: textParameter(raw['problem']),
    done: raw['done'] === true ? true : undefined,
  }
}
