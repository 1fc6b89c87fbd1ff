import { describeAccess, formatScopes, levelOf, type Access, type Catalog } from '@bitting/core'
import type { ReactElement } from 'react'
import { formatCount } from '../../format.js'
import { Tooltip } from '../../ui/tooltip.js'
import { accessEquals, splitOperations } from './access-diff.js'
import { useCatalog } from './catalogs.js'

/** What an access summary takes. */
export interface AccessSummaryProps {
  readonly access: Access
  /** False in long lists, whose rows lead to where the scopes are: it is not a stop of the Tab key there. */
  readonly focusable?: boolean | undefined
}

/** An access in a few words: `Full access`, `Read History; edit Call`; the scopes show under the pointer. */
export function AccessSummary({ access, focusable = true }: AccessSummaryProps): ReactElement {
  const { data: catalog } = useCatalog('management')
  const text = summariseAccess(access, catalog?.permissions ?? [])
  const scopes = formatScopes(access)
  if (scopes === '' || scopes === 'full' || !focusable) {
    return <span title={scopes === '' || scopes === 'full' ? undefined : scopes}>{text}</span>
  }
  return (
    <Tooltip text={<code>{scopes}</code>}>
      <span className="access-summary" tabIndex={0}>
        {text}
      </span>
    </Tooltip>
  )
}

/** An access in a few words, with the titles of the permissions that are known. */
export function summariseAccess(access: Access, permissions: Catalog['permissions']): string {
  if (access === 'full') return 'Full access'
  const known = permissions.filter(({ id }) => Object.hasOwn(access, id)).map(({ id }) => id)
  const unknown = Object.keys(access).filter((id) => !known.includes(id))
  const words = [...known, ...unknown].flatMap((id) => {
    const level = levelOf(access, id)
    if (level === 'none') return []
    return [{ verb: level, title: permissions.find((it) => it.id === id)?.title ?? id }]
  })
  const verbs = ['read', 'edit'] as const
  const parts = verbs.flatMap((verb) => {
    const titles = words.filter((it) => it.verb === verb).map((it) => it.title)
    return titles.length === 0 ? [] : [`${verb} ${titles.join(', ')}`]
  })
  const text = parts.join('; ')
  return text === '' ? 'No access' : text.charAt(0).toUpperCase() + text.slice(1)
}

/** An access as a sentence; of none, what it opens all the same. */
export function accessSentence(catalog: Catalog, access: Access): string {
  if (accessEquals(access, {})) return `No permission: ${callableByAny(catalog)}.`
  return describeAccess(catalog, access)
}

/** What a key without permissions can call: `only the 2 operations that every live key can call`. */
export function callableByAny(catalog: Catalog): string {
  const { length } = splitOperations(catalog, {}).allowed
  if (length === 0) return 'nothing'
  return `only the ${formatCount(length, 'operation')} that every live key can call`
}
