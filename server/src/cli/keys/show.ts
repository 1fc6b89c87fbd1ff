import type { CatalogView, KeyView, MarkView, SecretView } from '@bitting/client'
import type { Command } from 'commander'
import { accessText } from '../access-options.js'
import { keyIdArgument } from '../arguments.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import type { Cell } from '../output.js'
import { count } from '../text.js'
import { formatBoth, formatRelative } from '../times.js'
import { accessSentence, hasEnded, stateCell } from './key-text.js'

/** `bitting keys show`. */
export function showKeyCommand(context: CommandContext): Command {
  return newDataCommand(context, 'show', 'Show a key: what it may do, since when, and what became of it')
    .argument('<id>', 'id of the key', keyIdArgument)
    .action(async (id: string, { json }: { readonly json?: true }) => {
      const client = await openClient(context)
      const key = await client.keys.get(id)
      if (json === true) {
        context.output.printJson(key)
        return
      }
      // A management key's permissions are in no catalog that the API shows.
      const catalog = key.kind === 'api' ? await client.catalog.get() : null
      context.output.printFields(fieldsOf(key, catalog, context.nowMilliseconds()))
    })
}

type Field = readonly [label: string, ...values: Cell[]]

function fieldsOf(key: KeyView, catalog: CatalogView | null, now: number): Field[] {
  const kind = key.kind === 'api' ? 'API key' : 'Management key'
  const sentence = catalog === null ? [] : [accessSentence(catalog, key.access)]
  return [
    ['Name', { text: key.name, tone: 'strong' }],
    ['Id', key.id],
    ['State', stateCell(key.state)],
    ['Kind', `${kind}, ${key.environment}${key.webhook_key ? ', signs the webhooks' : ''}`],
    ['Access', ...sentence, { text: accessText(key.access), tone: sentence.length > 0 ? 'faint' : 'plain' }],
    ['Addresses', ...(key.conditions.allowed_addresses ?? ['anywhere'])],
    ...timeFields(key, now),
    ['Secrets', ...key.secrets.map((secret) => secretCell(secret, now))],
    ['Last used', lastUseOf(key, now)],
    [
      'Requests',
      `${count(key.requests_allowed, 'allowed', 'allowed')}, ${String(key.requests_denied)} denied`,
    ],
    ['Created', `${formatBoth(key.created_at, now)} by ${key.created_by}`],
    ...markFields('Suspended', key.suspended, now),
    ...markFields('Revoked', key.revoked, now),
    ...markFields('Deleted', key.deleted, now),
    ...(key.note === '' ? [] : [['Note', key.note] as const]),
  ]
}

function timeFields(key: KeyView, now: number): Field[] {
  const { not_before: notBefore } = key.conditions
  const expiry = key.expires_at === null ? 'never' : formatBoth(key.expires_at, now)
  return [
    ...(notBefore === null ? [] : [['Active from', formatBoth(notBefore, now)] as const]),
    ...(hasEnded(key) && key.expires_at === null ? [] : [['Expires', expiry] as const]),
  ]
}

function secretCell(secret: SecretView, now: number): Cell {
  const made = `made ${formatRelative(secret.created_at, now)}`
  const end =
    secret.state === 'retiring' && secret.retires_at !== null
      ? `, ends ${formatBoth(secret.retires_at, now)}`
      : ''
  const tone = secret.state === 'current' ? 'plain' : secret.state === 'retiring' ? 'warning' : 'faint'
  return { text: `${secret.hint}  ${secret.state}, ${made}${end}`, tone }
}

function lastUseOf(key: KeyView, now: number): string {
  if (key.last_used_at === null) return 'never'
  const from = key.last_used_address === null ? '' : ` from ${key.last_used_address}`
  return `${formatBoth(key.last_used_at, now)}${from}`
}

function markFields(label: string, mark: MarkView | null, now: number): Field[] {
  if (mark === null) return []
  const reason = mark.reason === null || mark.reason === '' ? '' : `: ${mark.reason}`
  return [[label, `${formatBoth(mark.at, now)} by ${mark.by}${reason}`]]
}
