import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, ConnectionError, type ManagementClient } from '@bitting/client'
import type { AuditEntry } from '@bitting/core'
import { Option, type Command } from 'commander'
import { newDataCommand } from '../command.js'
import { openClient, type CommandContext } from '../context.js'
import { indexArgument } from './audit-arguments.js'
import { entryLine } from './entry-text.js'

interface TailOptions {
  readonly from?: number
  readonly json?: true
}

const POLL_MILLISECONDS = 1000

/** `bitting audit tail`. */
export function tailAuditCommand(context: CommandContext): Command {
  return newDataCommand(context, 'tail', 'Show new entries of the audit log as they come, until Ctrl-C')
    .addOption(new Option('--from <index>', 'begin at this entry').argParser(indexArgument))
    .action(async (options: TailOptions) => {
      const stop = new AbortController()
      context.onSignal(() => stop.abort())
      const stopped = new Promise<void>((resolve) => {
        stop.signal.addEventListener('abort', () => resolve(), { once: true })
      })
      const client = await openClient(context)
      await Promise.race([stopped, follow(context, client, options, stop.signal)])
    })
}

async function follow(
  { output }: CommandContext,
  client: ManagementClient,
  { from, json }: TailOptions,
  signal: AbortSignal,
): Promise<void> {
  let isAway = false
  let next = from ?? null
  while (!signal.aborted) {
    try {
      next ??= await endOf(client)
      const page = await client.audit.exportPage({ from: next })
      if (isAway) output.note('the server is back')
      isAway = false
      // Stopped while the answer was under way: what it holds was not asked for any more.
      if (hasStopped(signal)) return
      for (const line of page.text.split('\n').slice(0, -1)) {
        const entry = JSON.parse(line) as AuditEntry
        next = entry.index + 1
        if (json === true) output.printRaw(`${line}\n`)
        else output.print(entryLine(entry))
      }
      if (page.next !== null) continue
    } catch (error) {
      if (!isPassing(error)) throw error
      if (!isAway && !hasStopped(signal))
        output.warn('the server does not answer', 'entries follow when it is back')
      isAway = true
    }
    await sleep(POLL_MILLISECONDS, undefined, { signal }).catch(() => undefined)
  }
}

async function endOf(client: ManagementClient): Promise<number> {
  const { data } = await client.audit.listPage({}, { limit: 1 })
  return (data[0]?.index ?? -1) + 1
}

function isPassing(error: unknown): boolean {
  return (
    error instanceof ConnectionError ||
    (error instanceof ApiError && (error.status >= 500 || error.status === 429))
  )
}

function hasStopped(signal: AbortSignal): boolean {
  return signal.aborted
}
