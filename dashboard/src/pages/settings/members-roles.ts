import type { Role } from '@bitting/core'

/** What a role is called, and what whoever has it can do. */
export const ROLE_WORDS: Readonly<Record<Role, { readonly label: string; readonly can: string }>> = {
  owner: { label: 'Owner', can: 'Everything, and makes other owners.' },
  admin: { label: 'Admin', can: 'Everything but making, changing and removing owners.' },
  developer: {
    label: 'Developer',
    can: 'Makes keys with any list of permissions, none with full access; manages webhooks; reads the audit log, the workspace and its members.',
  },
  auditor: { label: 'Auditor', can: 'Reads everything, changes nothing.' },
}

/** A role in a sentence: `an owner`, `a developer`. */
export function withArticle(role: Role): string {
  return `${/^[aeiou]/.test(role) ? 'an' : 'a'} ${role}`
}
