import type { Access, Level, Permission } from '@bitting/core'

/** The names of the usual cuts. */
export type PresetId = 'read-only' | 'history-reader' | 'outbound-caller' | 'ci-testing'

/** A usual cut of a key. */
export interface Preset {
  readonly id: PresetId
  readonly title: string
  readonly description: string
}

/** The usual cuts, the widest first. */
export const PRESETS: readonly Preset[] = [
  { id: 'read-only', title: 'Read only', description: 'Read wherever there is Read, nothing else' },
  { id: 'history-reader', title: 'History reader', description: 'pull calls, chats and transcripts' },
  { id: 'outbound-caller', title: 'Outbound caller', description: 'place calls' },
  { id: 'ci-testing', title: 'CI testing', description: 'run the test cases' },
]

const LEVELS: Readonly<Record<Exclude<PresetId, 'read-only'>, Readonly<Record<string, Level>>>> = {
  'history-reader': { history: 'read' },
  'outbound-caller': { call: 'edit' },
  'ci-testing': { testing: 'edit' },
}

/** Says whether there is a preset of this name. */
export function isPresetId(text: string): text is PresetId {
  return PRESETS.some(({ id }) => id === text)
}

/** The access of a preset under a catalog, null where the catalog has not the permissions that it names. */
export function presetAccess(
  preset: PresetId,
  permissions: readonly Pick<Permission, 'id' | 'levels'>[],
): Access | null {
  if (preset === 'read-only') {
    const readable = permissions.filter(({ levels }) => levels.includes('read'))
    return Object.fromEntries(readable.map(({ id }) => [id, 'read']))
  }
  const wanted = LEVELS[preset]
  const has = ([id, level]: [string, Level]): boolean =>
    permissions.some((permission) => permission.id === id && permission.levels.includes(level))
  return Object.entries(wanted).every(has) ? wanted : null
}
