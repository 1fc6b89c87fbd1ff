import { OperationMatcher, parseRequestTarget, PATH_LENGTH_MAX, type Operation } from '@bitting/core'
import { describe, expect, it } from 'vitest'

function operation(text: string): Operation {
  const [method = '', template = ''] = text.split(' ')
  return { name: text, method, template, requirement: { kind: 'any' }, permissionIndex: -1, rank: 0 }
}

function matcherOf(...texts: string[]): (method: string, path: string) => string | null {
  const matcher = new OperationMatcher(texts.map(operation))
  return (method, path) => matcher.match(method, path)?.template ?? null
}

describe('parseRequestTarget', () => {
  it.each([
    ['/', '/', ''],
    ['/v2/list-calls', '/v2/list-calls', ''],
    ['/get-agent/agent_1?version=3', '/get-agent/agent_1', '?version=3'],
    ['/get-agent/agent_1?', '/get-agent/agent_1', '?'],
    ['/get-phone-number/+14157774444', '/get-phone-number/+14157774444', ''],
    ['/a/%2B1415%20x', '/a/%2B1415%20x', ''],
    ['/a/%C3%A9/', '/a/%C3%A9/', ''],
    ['/100%25', '/100%25', ''],
    ['/100%2541', '/100%2541', ''],
    ['/.well-known/x.json', '/.well-known/x.json', ''],
    ['/.../..a/a../b.', '/.../..a/a../b.', ''],
    ['/a%2ejson', '/a%2ejson', ''],
    ['/a;v=1/b', '/a;v=1/b', ''],
    ['/a%3f', '/a%3f', ''],
    ['/a?b=//..%2f%00\\%zz?', '/a', '?b=//..%2f%00\\%zz?'],
    ["/!$&'()*,:=@[]^_`{|}~", "/!$&'()*,:=@[]^_`{|}~", ''],
  ])('takes %s apart', (target, path, query) => {
    expect(parseRequestTarget(target)).toEqual({ ok: true, path, query })
  })

  it.each([
    ['', 'not_origin_form'],
    ['*', 'not_origin_form'],
    ['?a', 'not_origin_form'],
    ['a/b', 'not_origin_form'],
    ['api.retellai.com:443', 'not_origin_form'],
    ['http://api.retellai.com/get-call/x', 'not_origin_form'],
    ['\\get-call', 'not_origin_form'],
    ['%2fget-call', 'not_origin_form'],
    ['//evil.example/get-call', 'empty_segment'],
    ['/a//b', 'empty_segment'],
    ['/a//', 'empty_segment'],
    ['/a//?b', 'empty_segment'],
    ['/a/;/b', 'empty_segment'],
    ['/a/%3b/b', 'empty_segment'],
    ['/a\\b', 'backslash'],
    ['/..\\b', 'backslash'],
    ['/.', 'dot_segment'],
    ['/..', 'dot_segment'],
    ['/a/./b', 'dot_segment'],
    ['/a/../b', 'dot_segment'],
    ['/a/..', 'dot_segment'],
    ['/a/..?b', 'dot_segment'],
    ['/a/%2e/b', 'dot_segment'],
    ['/a/%2E%2e/b', 'dot_segment'],
    ['/a/.%2e/b', 'dot_segment'],
    ['/a/%2e.', 'dot_segment'],
    ['/a/%2e.?b', 'dot_segment'],
    ['/a/..;/b', 'dot_segment'],
    ['/a/..;x=1/b', 'dot_segment'],
    ['/a/.;', 'dot_segment'],
    ['/a/%2e%2e;/b', 'dot_segment'],
    ['/a/..%3b/b', 'dot_segment'],
    ['/get-agent/..%2Fget-call%2Fx', 'encoded_separator'],
    ['/a%2fb', 'encoded_separator'],
    ['/a%5cb', 'encoded_separator'],
    ['/a%5Cb', 'encoded_separator'],
    ['/a%252fb', 'double_encoding'],
    ['/a%252Fb', 'double_encoding'],
    ['/a%255cb', 'double_encoding'],
    ['/a%252e%252e/b', 'double_encoding'],
    ['/a%25%32%66b', 'double_encoding'],
    ['/a%2%35%32fb', 'malformed_percent'],
    ['/a%25252fb', 'double_encoding'],
    ['/a%25%32%35%32%66b', 'double_encoding'],
    [`/a%${'25'.repeat(4000)}2fb`, 'double_encoding'],
    ['/..%253b/b', 'double_encoding'],
    ['/a%2500', 'double_encoding'],
    ['/a%00', 'encoded_control'],
    ['/a%0d%0aHost:', 'encoded_control'],
    ['/a%1F', 'encoded_control'],
    ['/a%7f', 'encoded_control'],
    ['/a%', 'malformed_percent'],
    ['/a%2', 'malformed_percent'],
    ['/a%2?f', 'malformed_percent'],
    ['/a%zz', 'malformed_percent'],
    ['/a%u002f', 'malformed_percent'],
    ['/a%%32%66', 'malformed_percent'],
    ['/a%c0%af', 'invalid_utf8'],
    ['/a%e0%80%af', 'invalid_utf8'],
    ['/a%c0%ae%c0%ae/b', 'invalid_utf8'],
    ['/a%ed%a0%80', 'invalid_utf8'],
    ['/a%f5%80%80%80', 'invalid_utf8'],
    ['/a%80', 'invalid_utf8'],
    ['/a%c3', 'invalid_utf8'],
    ['/a%c3/%a9', 'invalid_utf8'],
    ['/a b', 'forbidden_character'],
    ['/a\tb', 'forbidden_character'],
    ['/a\r\nX: y', 'forbidden_character'],
    ['/a\0', 'forbidden_character'],
    ['/a\x7f', 'forbidden_character'],
    ['/é', 'forbidden_character'],
    ['/a／b', 'forbidden_character'],
    ['/\u{1f511}', 'forbidden_character'],
    ['/a?b c', 'forbidden_character'],
    ['/a?b\r\nX: y', 'forbidden_character'],
    ['/a?é', 'forbidden_character'],
    ['/a#b', 'fragment'],
    ['/a?b#c', 'fragment'],
    [`/${'a'.repeat(PATH_LENGTH_MAX)}`, 'path_too_long'],
  ])('refuses %j: %s', (target, flaw) => {
    const result = parseRequestTarget(target)
    expect(result).toEqual({ ok: false, flaw, message: expect.stringMatching(/^The .+\.$/) as string })
  })

  it('counts the path alone against its limit', () => {
    const path = `/${'a'.repeat(PATH_LENGTH_MAX - 1)}`
    expect(parseRequestTarget(`${path}?${'b'.repeat(100)}`)).toMatchObject({ ok: true, path })
  })
})

describe('OperationMatcher', () => {
  it('matches literals and parameters, segment by segment', () => {
    const match = matcherOf('GET /', 'GET /agents', 'GET /agents/{id}', 'GET /agents/{id}/versions/{version}')
    expect(match('GET', '/')).toBe('/')
    expect(match('GET', '/agents')).toBe('/agents')
    expect(match('GET', '/agents/a')).toBe('/agents/{id}')
    expect(match('GET', '/agents/a/versions/2')).toBe('/agents/{id}/versions/{version}')
    expect(match('GET', '/agents/a/versions')).toBe(null)
    expect(match('GET', '/agents/a/versions/2/x')).toBe(null)
    expect(match('GET', '/agent')).toBe(null)
    expect(match('GET', '/agents2')).toBe(null)
  })

  it('gives a parameter exactly one segment that is not empty', () => {
    const match = matcherOf('GET /agents/{id}', 'GET /{a}/{b}/{c}')
    expect(match('GET', '/agents/')).toBe(null)
    expect(match('GET', '/agents//')).toBe(null)
    expect(match('GET', '/a/b/')).toBe(null)
    expect(match('GET', '/a//c')).toBe(null)
    expect(match('GET', '')).toBe(null)
    expect(match('GET', 'agents/x')).toBe(null)
  })

  it('compares bytes: neither a trailing slash nor another spelling matches', () => {
    const match = matcherOf('GET /agents', 'GET /agents/{id}', 'GET /done/')
    expect(match('GET', '/agents/')).toBe(null)
    expect(match('GET', '/%61gents')).toBe(null)
    expect(match('GET', '/Agents')).toBe(null)
    expect(match('GET', '/%61gents/x')).toBe(null)
    expect(match('GET', '/AGENTS/x')).toBe(null)
    expect(match('GET', '/done')).toBe(null)
    expect(match('GET', '/done/')).toBe('/done/')
    expect(match('GET', '/agents/%41%2B')).toBe('/agents/{id}')
  })

  it('takes HEAD for GET and methods by their exact letters', () => {
    const match = matcherOf('GET /a/{id}', 'POST /b')
    expect(match('HEAD', '/a/1')).toBe('/a/{id}')
    expect(match('HEAD', '/b')).toBe(null)
    expect(match('get', '/a/1')).toBe(null)
    expect(match('OPTIONS', '/a/1')).toBe(null)
    expect(match('__proto__', '/a/1')).toBe(null)
  })

  it('prefers the literal, and comes back to the parameter where the literal leads nowhere', () => {
    const match = matcherOf('GET /a/{x}/c', 'GET /a/b/d', 'GET /a/b', 'GET /{x}/b', 'GET /{x}/{y}/c/e')
    expect(match('GET', '/a/b')).toBe('/a/b')
    expect(match('GET', '/a/b/d')).toBe('/a/b/d')
    expect(match('GET', '/a/b/c')).toBe('/a/{x}/c')
    expect(match('GET', '/a/z/c')).toBe('/a/{x}/c')
    expect(match('GET', '/z/b')).toBe('/{x}/b')
    expect(match('GET', '/a/b/c/e')).toBe('/{x}/{y}/c/e')
    expect(match('GET', '/a/z/d')).toBe(null)
  })

  it.each([
    '/users/EXPORT',
    '/users/%65xport',
    '/users/expor%54',
    '/users/export;a=b',
    '/users/export.json',
    '/users/export%3b',
  ])('does not take %s for a user, because another server may take it for the export', (path) => {
    const match = matcherOf('GET /users/{id}', 'GET /users/export', 'DELETE /users/{id}')
    expect(match('GET', path)).toBe(null)
    expect(match('DELETE', path)).toBe('/users/{id}')
  })

  it('keeps to that rule over several segments, and only where both readings end at an operation', () => {
    const match = matcherOf('GET /a/b/d', 'GET /a/{x}/{y}', 'GET /u/{id}/posts', 'GET /u/me/keys')
    expect(match('GET', '/a/b/D')).toBe(null)
    expect(match('GET', '/a/B/d')).toBe(null)
    expect(match('GET', '/a/B/e')).toBe('/a/{x}/{y}')
    expect(match('GET', '/u/ME/posts')).toBe('/u/{id}/posts')
    expect(match('GET', '/u/ME/keys')).toBe(null)
  })

  it('knows literals apart that differ only in case, if the catalog has both', () => {
    const match = matcherOf('GET /A/{x}', 'GET /a/{x}')
    expect(match('GET', '/A/1')).toBe('/A/{x}')
    expect(match('GET', '/a/1')).toBe('/a/{x}')
  })

  it('survives a path that no parser let through', () => {
    const match = matcherOf('GET /users/{id}', 'GET /users/export')
    expect(match('GET', '/users/%')).toBe('/users/{id}')
    expect(match('GET', '/users/%ff')).toBe('/users/{id}')
    expect(match('GET', '/users/.json')).toBe('/users/{id}')
  })

  it('is not made of operations of one shape', () => {
    expect(() => matcherOf('GET /a/{x}', 'GET /a/{y}')).toThrow('in a catalog once')
  })
})
