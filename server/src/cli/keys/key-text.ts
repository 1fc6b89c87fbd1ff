import type { CatalogView, KeyView } from '@bitting/client'
import {
  describeAccess,
  formatScopes,
  isUsable,
  type Access,
  type Catalog,
  type KeyState,
} from '@bitting/core'
import { accessText } from '../access-options.js'
import type { Toned } from '../output.js'

/** A key in a sentence: its name and its id. */
export function keyTitle({ name, id }: Pick<KeyView, 'name' | 'id'>): string {
  return `"${name}" (${id})`
}

/** A state and how good it is. */
export function stateCell(state: KeyState): Toned {
  switch (state) {
    case 'active':
      return { text: state, tone: 'good' }
    case 'compromised':
      return { text: state, tone: 'bad' }
    case 'pre-activation':
    case 'suspended':
      return { text: state, tone: 'warning' }
    default:
      return { text: state, tone: 'faint' }
  }
}

/** Says whether a key can never be used again. */
export function hasEnded({ state }: Pick<KeyView, 'state'>): boolean {
  return !isUsable(state)
}

/** What a key opens in a few words, behind a badge where it is for more than calls: `webhook: nothing`. */
export function accessBadge({
  access,
  kind,
  webhook_key: signs,
}: Pick<KeyView, 'access' | 'kind' | 'webhook_key'>): string {
  const badge = kind === 'management' ? 'management: ' : signs ? 'webhook: ' : ''
  return `${badge}${accessText(access)}`
}

/** An access inside a sentence: `access to history:read`. */
export function accessPhrase(access: Access): string {
  if (access === 'full') return 'full access'
  const scopes = formatScopes(access)
  return scopes === '' ? 'no access' : `access to ${scopes}`
}

/** An access as a sentence, in the words of a catalog. */
export function accessSentence(view: CatalogView, access: Access): string {
  const { id, title, sections } = view
  const permissions = sections.flatMap((section) => section.permissions)
  const catalog: Catalog = { id, title, errors: 'problem', sections, permissions, operations: [] }
  return describeAccess(catalog, access)
}
