/**
 * JSON on lines of its own, by its characters: numbers and repeated members stay as they were sent, where parsing and
 * writing would change them. Null for what is no object or list of JSON.
 */
export function prettyJson(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return null
  } catch {
    return null
  }
  let depth = 0
  const line = (): string => `\n${'  '.repeat(depth)}`
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? []
  return tokens
    .map((token, index) => {
      if (token === ',') return `,${line()}`
      if (token === ':') return ': '
      if (token === '{' || token === '[') {
        depth++
        return /[}\]]/.test(tokens[index + 1] ?? '') ? token : `${token}${line()}`
      }
      if (token !== '}' && token !== ']') return token
      depth--
      return /[{[]/.test(tokens[index - 1] ?? '') ? token : `${line()}${token}`
    })
    .join('')
}
