import {
  accessExcess,
  ceilingExcess,
  LEVEL_TITLES,
  levelOf,
  rankOf,
  type Access,
  type Ceilings,
  type Environment,
  type KeyKind,
  type Level,
} from '@bitting/core'
import { useQuery } from '@tanstack/react-query'
import { useSession } from '../../session/session.js'
import { workspaceQuery } from '../settings/workspace-query.js'

/** What a key may be given, and why not more. */
export interface Limits {
  /** The most that keys of each environment can have; undefined until it is known. */
  readonly ceilings: Ceilings | undefined
  /** Why full access cannot be given, null where it can. */
  readonly full: string | null
  /** Why a level of a permission cannot be given, null where it can. */
  readonly refusal: (permission: string, level: Level) => string | null
  /** The permissions at which an access is above what can be given, `full` for all of them. */
  readonly excess: (access: Access) => readonly string[]
  /** The same access, each permission at most at what can be given. */
  readonly lower: (access: Access) => Readonly<Record<string, Level>>
}

/** The limits of a new or changed key: the ceiling of its environment, and what the person's own role has. */
export function useLimits(kind: KeyKind, environment: Environment): Limits {
  const { access: own, role } = useSession()
  const { data: workspace } = useQuery(workspaceQuery)
  // Ceilings are about keys of the protected API.
  const ceilings = workspace?.ceilings
  const ceiling = kind === 'api' ? (ceilings?.[environment] ?? 'full') : 'full'
  const most = (permission: string): Level =>
    [own, ceiling].map((it) => levelOf(it, permission)).reduce((a, b) => (rankOf(a) < rankOf(b) ? a : b))
  return {
    ceilings,
    full:
      own !== 'full'
        ? `Your role, ${role}, cannot give full access. Ask an owner or admin.`
        : ceiling !== 'full'
          ? `The ceiling of ${environment} does not allow full access.`
          : null,
    refusal: (permission, level) => {
      if (rankOf(level) > rankOf(levelOf(own, permission))) {
        return `Your role, ${role}, cannot give ${LEVEL_TITLES[level]} here.`
      }
      if (rankOf(level) > rankOf(levelOf(ceiling, permission))) {
        return `${LEVEL_TITLES[level]} is above the ceiling of ${environment}.`
      }
      return null
    },
    excess: (access) => [
      ...new Set([
        ...accessExcess(own, access),
        ...(kind === 'api' && ceilings !== undefined ? ceilingExcess(ceilings, environment, access) : []),
      ]),
    ],
    lower: (access) =>
      access === 'full'
        ? {}
        : Object.fromEntries(
            Object.keys(access).map((id) => {
              const wanted = levelOf(access, id)
              return [id, rankOf(wanted) < rankOf(most(id)) ? wanted : most(id)]
            }),
          ),
  }
}
