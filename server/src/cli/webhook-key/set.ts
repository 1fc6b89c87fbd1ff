import type { DeleteCondition, WebhookKeyView } from '@bitting/client'
import { Option, type Command } from 'commander'
import { durationArgument, keyIdArgument } from '../arguments.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { formatBoth } from '../times.js'
import { withRemedy } from '../webhooks/advice.js'
import { askForSigner, CONFIRM_OPTION, webhookKeyRemedy } from './guard.js'
import { printWarnings, signerTitle } from './key-report.js'

interface SetOptions {
  readonly overlap?: number
  readonly confirm?: string
  readonly json?: true
}

/** `bitting webhook-key set`. */
export function setWebhookKeyCommand(context: CommandContext): Command {
  return newDataCommand(context, 'set', 'Set the key that signs, or move to another')
    .argument('<id>', 'id of an API key', keyIdArgument)
    .addOption(
      new Option(
        '--overlap <time>',
        'how long the key before signs too: 24h unless it is told, 0 where it leaked',
      ).argParser(durationArgument),
    )
    .option(CONFIRM_OPTION.flags, CONFIRM_OPTION.description)
    .action((id: string, options: SetOptions) => set(context, id, options))
}

async function set(context: CommandContext, id: string, options: SetOptions): Promise<void> {
  const { output } = context
  const { overlap, json } = options
  const client = await openClient(context)
  const before = await client.webhookKey.get()
  if (before.key_id === id && before.overlap_until !== null && overlap !== undefined) {
    await endSooner(context, before, overlap, json === true)
    return
  }
  if (before.key_id === id) {
    output.note(`${signerTitle(before)} signs already; nothing was changed`)
    if (json === true) output.printJson(before)
    return
  }
  const condition = await conditionOf(context, before, id, options)
  const after = await withRemedy(webhookKeyRemedy, () =>
    client.webhookKey.set({ key_id: id, overlap_seconds: overlap }, condition),
  )
  if (json === true) {
    output.printJson(after)
    return
  }
  output.print(`${signerTitle(after)} signs webhooks now${overlapText(before, after, context)}`)
  printWarnings(context, after)
  if (before.key_id !== null) {
    output.note(
      'every receiver has to verify with the new key',
      'see who has to follow: bitting webhook-key show',
    )
  }
}

/** The key that signs already: what can be changed of it is when the one before stops to. */
async function endSooner(
  context: CommandContext,
  before: WebhookKeyView,
  overlap: number,
  json: boolean,
): Promise<void> {
  const { output } = context
  const client = await openClient(context)
  const request = { key_id: before.key_id ?? '', overlap_seconds: overlap }
  const after = await withRemedy(webhookKeyRemedy, () =>
    client.webhookKey.set(request, { version: before.version }),
  )
  if (json) output.printJson(after)
  else if (after.version === before.version)
    output.note('the overlap ends sooner already; nothing was changed')
  else if (after.overlap_until === null) output.print('the key before does not sign any more')
  else
    output.print(`the key before signs until ${formatBoth(after.overlap_until, context.nowMilliseconds())}`)
}

/** The first key is set on what was seen; a move asks for the name of the key that signs now. */
async function conditionOf(
  context: CommandContext,
  before: WebhookKeyView,
  id: string,
  { confirm }: SetOptions,
): Promise<DeleteCondition> {
  if (before.key_id === null) return { version: before.version }
  return confirm === undefined ? askForSigner(context, before, `move to ${id}`) : { confirm }
}

function overlapText(
  before: WebhookKeyView,
  after: WebhookKeyView,
  { nowMilliseconds }: CommandContext,
): string {
  if (before.key_id === null) return ''
  const { overlap_until: until } = after
  const end = until === null ? 'does not any more' : `does too, ends ${formatBoth(until, nowMilliseconds())}`
  return `; ${signerTitle(before)} ${end}`
}
