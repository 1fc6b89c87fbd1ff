import { accessExcess, type Access } from './permission.js'

/** Where a key is used. The names are the guide's; the order is from the least to the most trusted. */
export type Environment = 'development' | 'staging' | 'production'

/** The environments from the least to the most trusted. */
export const ENVIRONMENTS: readonly ['development', 'staging', 'production'] = [
  'development',
  'staging',
  'production',
]

/** The most that keys of each environment may be given. A new workspace has `full` for all three. */
export type Ceilings = Readonly<Record<Environment, Access>>

/** The ceilings of a new workspace: none. */
export const OPEN_CEILINGS: Ceilings = { development: 'full', staging: 'full', production: 'full' }

/** Says whether a key of environment `outer` may manage keys of environment `inner`: its own or a less trusted one. */
export function environmentIncludes(outer: Environment, inner: Environment): boolean {
  return ENVIRONMENTS.indexOf(outer) >= ENVIRONMENTS.indexOf(inner)
}

/** The permissions at which an access is above its environment's ceiling; empty when it fits. */
export function ceilingExcess(ceilings: Ceilings, environment: Environment, access: Access): string[] {
  return accessExcess(ceilings[environment], access)
}
