import { normaliseAccess, type Access, type Level } from './permission.js'

const SCOPE = /^([a-z][a-z0-9_-]{0,31}):(read|edit)$/

/** One permission and level as an OAuth scope token (RFC 6749 Section 3.3), `call:edit` for example. */
export function formatScope(permission: string, level: Level): string {
  return `${permission}:${level}`
}

/** An access as a scope string: `full`, or the granted scopes in order, separated by one space; empty for nothing. */
export function formatScopes(access: Access): string {
  const granted = normaliseAccess(access)
  if (granted === 'full') return 'full'
  return Object.entries(granted)
    .map(([permission, level]) => formatScope(permission, level))
    .join(' ')
}

/**
 * The access a scope string names, or null where a word is not a scope or a permission is named twice. An unknown
 * word is never dropped: a scope that was not understood must not become a smaller or a larger one in silence.
 */
export function parseScopes(text: string): Access | null {
  if (text === 'full') return 'full'
  const access: Record<string, Level> = {}
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const [, permission, level] = SCOPE.exec(word) ?? []
    if (permission === undefined || Object.hasOwn(access, permission)) return null
    access[permission] = level === 'edit' ? 'edit' : 'read'
  }
  return access
}
