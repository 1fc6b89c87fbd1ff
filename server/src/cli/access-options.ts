import { isPresetId, presetAccess, PRESETS, type ManagementClient, type PresetId } from '@bitting/client'
import { formatScopes, parseScopes, type Access } from '@bitting/core'
import { Option, type Command } from 'commander'
import { usageError } from './command-error.js'
import { collect, invalidArgument } from './command.js'

/** The options that say what a key may do; exactly one kind of them is given. */
export interface AccessOptions {
  readonly full?: true
  readonly none?: true
  readonly allow?: readonly string[]
  readonly preset?: PresetId
}

const EXAMPLE = 'write --allow history:read for example, --preset read-only, --none or --full'

/** Adds the options that say what a key may do. */
export function addAccessOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--allow <scope>', 'a permission and its level, history:read for example; once for each')
        .argParser(collect(scopeArgument))
        .conflicts(['preset', 'none', 'full']),
    )
    .addOption(
      new Option('--preset <preset>', `a usual cut: ${PRESETS.map(({ id }) => id).join(', ')}`)
        .argParser(presetArgument)
        .conflicts(['none', 'full']),
    )
    .addOption(new Option('--none', 'nothing at all').conflicts('full'))
    .option('--full', 'everything, including what is added later')
}

/**
 * Sees that the options say what the key may do, before anybody is asked for anything.
 *
 * @throws {CommandError} when they do not
 */
export function requireAccess({ full, none, preset, allow = [] }: AccessOptions): void {
  if (full === true || none === true || preset !== undefined) return
  if (allow.length === 0) throw usageError('it is not said what the key may do', EXAMPLE)
  if (parseScopes(allow.join(' ')) === null) {
    throw usageError('a permission is named twice', 'name each once; edit includes read')
  }
}

/**
 * The access that the options say.
 *
 * @throws {CommandError} when the catalog in force has not the permissions of a preset
 */
export async function readAccess(options: AccessOptions, client: ManagementClient): Promise<Access> {
  if (options.full === true) return 'full'
  if (options.preset !== undefined) return readPreset(options.preset, client)
  return parseScopes((options.allow ?? []).join(' ')) ?? {}
}

/** An access in a few words: its scopes, or that it is all or nothing. */
export function accessText(access: Access): string {
  const scopes = formatScopes(access)
  return scopes === '' ? 'nothing' : scopes
}

function scopeArgument(text: string): string {
  const scopes = text
    .split(/[\s,]+/)
    .join(' ')
    .trim()
  const access = parseScopes(scopes)
  if (access !== null && access !== 'full' && scopes !== '') return scopes
  throw invalidArgument(
    'Write a permission and a level, history:read or call:edit; `bitting catalog show` lists them.',
  )
}

function presetArgument(text: string): PresetId {
  if (isPresetId(text)) return text
  throw invalidArgument(`There is ${PRESETS.map(({ id }) => id).join(', ')}.`)
}

async function readPreset(preset: PresetId, client: ManagementClient): Promise<Access> {
  const { sections } = await client.catalog.get()
  const access = presetAccess(
    preset,
    sections.flatMap(({ permissions }) => permissions),
  )
  if (access !== null) return access
  throw usageError(
    `the catalog in force has not the permissions of ${preset}`,
    'use --allow; `bitting catalog show --in-force` lists what there is',
  )
}
