import type { Catalog, Operation } from './catalog.js'
import { levelOf, rankOf, type Access, type Level } from './permission.js'

/** What a member of a workspace is. */
export type Role = 'owner' | 'admin' | 'developer' | 'auditor'

/** Every role, the strongest first. */
export const ROLES: readonly ['owner', 'admin', 'developer', 'auditor'] = [
  'owner',
  'admin',
  'developer',
  'auditor',
]

/** What a developer has of the management API. */
const DEVELOPER: Readonly<Record<string, Level>> = {
  keys: 'edit',
  verify: 'edit',
  audit: 'read',
  workspace: 'read',
  webhooks: 'edit',
  events: 'edit',
  members: 'read',
}

/** What an auditor has: everything that can be read, and nothing that changes anything. */
const AUDITOR: Readonly<Record<string, Level>> = {
  keys: 'read',
  audit: 'read',
  workspace: 'read',
  webhooks: 'read',
  members: 'read',
}

/**
 * What a role can do and can grant: of the management API, and of the protected API, whose permissions say what keys
 * the member may make. A developer can make keys with any list, and none with full access; an auditor none at all. What
 * owners have before admins (making owners) is no permission and is checked where it matters.
 */
export function roleAccess(role: Role, api: Catalog): Access {
  switch (role) {
    case 'owner':
    case 'admin':
      return 'full'
    case 'developer':
      return { ...Object.fromEntries(everything(api)), ...DEVELOPER }
    case 'auditor':
      return AUDITOR
  }
}

function everything(api: Catalog): [string, Level][] {
  return api.sections.flatMap(({ permissions }) => permissions.map(({ id }): [string, Level] => [id, 'edit']))
}

/**
 * Says whether an access lets a member do an operation, by the rule that keys have: what no catalog maps is for full
 * access alone, and a list is the whole decision.
 */
export function accessAllows(access: Access, operation: Operation | null): boolean {
  if (access === 'full') return true
  if (operation === null) return false
  const { requirement } = operation
  if (requirement.kind === 'any') return true
  return (
    requirement.kind === 'level' &&
    rankOf(levelOf(access, requirement.permission)) >= rankOf(requirement.level)
  )
}
