import { parseBearer } from '@bitting/core'
import { describe, expect, it } from 'vitest'

describe('parseBearer', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER abc', 'abc'],
    ['bEaReR abc', 'abc'],
    ['Bearer     abc', 'abc'],
    ['Bearer btg_live_0Az', 'btg_live_0Az'],
    ['Bearer a-._~+/b==', 'a-._~+/b=='],
    ['Bearer Bearer', 'Bearer'],
    ['Bearer !"#$%&\'()*+-./:;<=>?@[\\]^_`{|}~', '!"#$%&\'()*+-./:;<=>?@[\\]^_`{|}~'],
  ])('reads the token of %j', (header, token) => {
    expect(parseBearer(header)).toEqual({ kind: 'token', token })
  })

  it.each([undefined, ''])('says that %j is missing', (header) => {
    expect(parseBearer(header)).toEqual({ kind: 'missing' })
  })

  it.each([
    ['the scheme alone', 'Bearer'],
    ['the scheme and a space', 'Bearer '],
    ['the scheme and spaces', 'Bearer    '],
    ['a token without a scheme', 'btg_live_0Az'],
    ['no space', 'Bearerabc'],
    ['a tab', 'Bearer\tabc'],
    ['a tab after the space', 'Bearer \tabc'],
    ['another separator', 'Bearer:abc'],
    ['another scheme', 'Basic YTpi'],
    ['a longer scheme', 'Bearers abc'],
    ['a scheme that ends alike', 'XBearer abc'],
    ['a space before', ' Bearer abc'],
    ['a space after', 'Bearer abc '],
    ['two tokens', 'Bearer abc def'],
    ['a list', 'Bearer abc,Bearer def'],
    ['a list of one', 'Bearer abc,'],
    ['a parameter', 'Bearer realm="a", token="b"'],
    ['a line end', 'Bearer abc\r\n'],
    ['a smuggled header', 'Bearer abc\r\nX-Admin: 1'],
    ['a zero byte', 'Bearer abc\0'],
    ['a delete character', 'Bearer abc\x7f'],
    ['a letter beyond ASCII', 'Bearer abcé'],
    ['a no-break space', 'Bearer\u00a0abc'],
    ['letters that only look alike', 'Веаrer abc'],
    ['a space alone', ' '],
  ])('says that %s is malformed', (_, header) => {
    expect(parseBearer(header)).toEqual({ kind: 'malformed' })
  })
})
