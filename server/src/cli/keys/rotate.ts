import type { KeyWithToken } from '@bitting/client'
import { Option, type Command } from 'commander'
import { durationArgument, keyIdArgument } from '../arguments.js'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { formatBoth } from '../times.js'
import { keyTitle } from './key-text.js'
import { addTokenFileOption, deliverToken, type TokenOptions } from './token-delivery.js'

interface RotateOptions extends TokenOptions {
  readonly overlap: number
}

/** `bitting keys rotate`. */
export function rotateKeyCommand(context: CommandContext): Command {
  const command = newDataCommand(context, 'rotate', 'Give a key a new secret, and print its token this once')
    .argument('<id>', 'id of the key', keyIdArgument)
    .addOption(
      new Option('--overlap <time>', 'how long the old token works beside the new: 24h, or 0 where it leaked')
        .argParser(durationArgument)
        .makeOptionMandatory(),
    )
  return addTokenFileOption(command).action(async (id: string, options: RotateOptions) => {
    const client = await openClient(context)
    const describe = (done: KeyWithToken): string => describeRotation(done, context.nowMilliseconds())
    await deliverToken(context, options, () => client.keys.rotate(id, options.overlap), describe)
  })
}

function describeRotation({ key }: KeyWithToken, now: number): string {
  const retiring = key.secrets.find(({ state }) => state === 'retiring')?.retires_at ?? null
  const old = retiring === null ? 'does not work any more' : `retires ${formatBoth(retiring, now)}`
  return `rotated ${keyTitle(key)}; the old token ${old}`
}
