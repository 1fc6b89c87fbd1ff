/**
 * Where to go after a sign-in: a path of the dashboard, `/` for everything else. What begins with two slashes or a
 * slash and a backslash is another host to a browser, so what counts is how the browser reads it.
 */
export function safeReturnTo(wanted: unknown): string {
  if (typeof wanted !== 'string' || !wanted.startsWith('/') || !URL.canParse(wanted, location.origin))
    return '/'
  const url = new URL(wanted, location.origin)
  const own = url.origin === location.origin && !/^\/(?:\/|v1\/|sign-in)/.test(url.pathname)
  return own ? url.pathname + url.search + url.hash : '/'
}
