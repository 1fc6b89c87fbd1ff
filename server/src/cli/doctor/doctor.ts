import type { Command } from 'commander'
import { ConfigError, readConfig, type Config } from '../../config.js'
import { newDataCommand } from '../command.js'
import type { CommandContext } from '../context.js'
import { EXIT } from '../exit-codes.js'
import type { Cell, Output, Tone } from '../output.js'
import { count } from '../text.js'
import { checkerOf, type Check } from './check.js'
import { checkData } from './data.js'
import { checkServers } from './servers.js'
import { checkSettings } from './settings.js'
import { checkUpstream } from './upstream.js'

const TONES = { ok: 'good', warn: 'warning', fail: 'bad' } as const satisfies Record<Check['status'], Tone>

/** `bitting doctor`. */
export function doctorCommand(context: CommandContext): Command {
  return newDataCommand(
    context,
    'doctor',
    'Look for what is wrong with the installation, changing nothing',
  ).action(async ({ json }: { readonly json?: true }) => {
    const checks = await examine(context)
    if (json === true) context.output.printJson({ checks })
    else printChecks(context.output, checks)
    if (checks.some(({ status }) => status === 'fail')) context.exitCode = EXIT.failed
  })
}

async function examine(context: CommandContext): Promise<Check[]> {
  const settings = checkerOf('settings')
  let config: Config
  try {
    config = readConfig(context.variables)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.flaws.map((flaw) => settings.fail(flaw, 'docs/settings.md lists every setting'))
  }
  const groups = await Promise.all([
    checkSettings(context, config),
    checkData(context, config),
    checkUpstream(context, config),
    checkServers(context, config),
  ])
  return [settings.ok('every setting is known and fits'), ...groups.flat()]
}

function printChecks(output: Output, checks: readonly Check[]): void {
  const rows = checks.flatMap(({ status, subject, detail, hint }): Cell[][] => [
    [{ text: status, tone: TONES[status] }, subject, detail],
    ...(hint === null ? [] : [['', '', { text: `→ ${hint}`, tone: 'faint' } as const]]),
  ])
  output.printTable([{ title: '' }, { title: '' }, { title: '', fit: 'wrap' }], rows)
  const failed = checks.filter(({ status }) => status === 'fail').length
  const warned = checks.filter(({ status }) => status === 'warn').length
  if (failed + warned === 0) return
  output.note(`${count(failed, 'check')} failed, ${count(warned, 'warning')}`)
}
