/** What to tell somebody whose way through an identity provider ended at the sign-in page, by the code of the problem. */
const PROBLEMS: Readonly<Record<string, string>> = {
  sign_in_failed:
    'Your identity provider did not let you in, or the sign-in took too long. Begin again; if that does not help, ask who runs your provider.',
  insufficient_scope:
    'Your identity provider knows you, but this workspace does not. Ask an owner or admin of it for an invitation.',
  upstream_failed:
    'Your identity provider does not answer as it should. Try again in a minute, or sign in another way.',
  too_many_attempts: 'There were too many attempts. Wait a few minutes, then try again.',
  session_ended: 'Your session has ended meanwhile. Sign in again.',
  not_found: 'There is no single sign-on at this address. Check the link, or sign in another way.',
  too_busy: 'Too many people sign in at once. Try again in a moment.',
}

/** The words for a problem's code. Of codes that are not known nothing is repeated: anybody can write an address. */
export function problemWords(code: string): string {
  return PROBLEMS[code] ?? 'Signing in through your identity provider did not work. Try again.'
}
