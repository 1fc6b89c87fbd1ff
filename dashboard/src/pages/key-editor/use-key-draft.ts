import { ApiError } from '@bitting/client'
import { useEffect, useState } from 'react'
import { draftFlaws, type DraftFlaws, type KeyDraft } from './key-draft.js'
import type { KeySettings } from './key-settings.js'

/** The form of a key while it is filled in. */
export interface DraftState {
  readonly draft: KeyDraft
  readonly change: (part: Partial<KeyDraft>) => void
  readonly replace: (draft: KeyDraft) => void
  /** The flaws to show: of fields that were left, and of all once it was tried to send them. */
  readonly flaws: DraftFlaws
  /** Shows all flaws and goes to the first; true where there is none. */
  readonly check: () => boolean
  /** Shows the flaws of a field: it was left. */
  readonly leave: (field: keyof DraftFlaws) => void
}

/**
 * Follows the form of a key.
 *
 * @param formId the id of the form, to lead to what is wrong in it
 * @param before the key as it is, where it is one: its end may be over without that being wrong
 */
export function useKeyDraft(formId: string, first: () => KeyDraft, before?: KeySettings): DraftState {
  const [draft, setDraft] = useState(first)
  const [attempts, setAttempts] = useState(0)
  const [left, setLeft] = useState<readonly string[]>([])
  useEffect(() => {
    if (attempts === 0) return
    document.getElementById(formId)?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }, [attempts, formId])
  const flaws = draftFlaws(draft, Date.now(), before)
  return {
    draft,
    change: (part) => setDraft((now) => ({ ...now, ...part })),
    replace: setDraft,
    flaws:
      attempts > 0
        ? flaws
        : Object.fromEntries(Object.entries(flaws).filter(([name]) => left.includes(name))),
    check: () => {
      setAttempts((count) => count + 1)
      return Object.keys(flaws).length === 0
    },
    leave: (field) => setLeft((now) => (now.includes(field) ? now : [...now, field])),
  }
}

const FIELDS: readonly (readonly [string, keyof DraftFlaws])[] = [
  ['name', 'name'],
  ['access', 'access'],
  ['conditions.allowed_addresses', 'addresses'],
  ['conditions.not_before', 'notBefore'],
  ['expires_at', 'expiresAt'],
  ['note', 'note'],
]

/** The flaws that the server found, at their fields. Several of one field become one text. */
export function serverFlaws(error: unknown): DraftFlaws {
  if (!(error instanceof ApiError)) return {}
  const found: Record<string, string> = {}
  for (const { field, message } of error.errors) {
    const known = FIELDS.find(([prefix]) => field === prefix || field.startsWith(`${prefix}.`))
    if (known === undefined) continue
    const [prefix, name] = known
    const place = field === prefix ? '' : `${field.slice(prefix.length + 1)}: `
    found[name] = [found[name], place + message].filter(Boolean).join('\n')
  }
  return found
}
