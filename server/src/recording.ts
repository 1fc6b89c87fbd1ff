import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from './config.js'
import { appendAudit } from './audit/append.js'
import { CallLog } from './audit/calls.js'
import { Checkpointer, type SignedCheckpoint } from './audit/checkpointer.js'
import { openPlace } from './audit/evidence/places.js'
import { EvidencePublisher } from './audit/evidence/publisher.js'
import { pruneAuditLogs } from './audit/retention.js'
import { DatabaseSinkSource } from './audit/sink-source.js'
import { createSink } from './audit/sinks/create-sink.js'
import { SinkDelivery } from './audit/sinks/delivery.js'
import { SpoolDrain } from './audit/spool/spool-drain.js'
import { SpoolWriter } from './audit/spool/spool-writer.js'
import { every, runUntilClosed, type Opened } from './duties.js'
import type { Installation } from './installation.js'
import { AuditReads } from './services/audit-log.js'

/** What a node does for the audit log, and what tells how it is going. */
export interface Recording {
  readonly calls: CallLog
  readonly reads: AuditReads
  readonly spool: SpoolWriter
  readonly checkpointer: Checkpointer
  readonly sinks: readonly { readonly name: string; readonly delivery: SinkDelivery }[]
}

/** How long the spool's entries gather before the database takes them. */
const DRAIN_MILLISECONDS = 100
const IDLE_TURNS = 50
const CHECKPOINT_MILLISECONDS = 1000
const PRUNE_MILLISECONDS = 600_000

/**
 * Starts what records, signs and hands on. Wiring only.
 *
 * @param onSigned told of every checkpoint that this node signed
 */
export async function startRecording(
  installation: Installation,
  config: Config,
  log: Logger,
  opened: Opened,
  onSigned: (checkpoint: SignedCheckpoint) => void,
): Promise<Recording> {
  const { database, logKeys } = installation
  const onError = (error: unknown, message: string): void => {
    log.error({ err: error }, message)
  }
  const publishers = config.auditEvidence.map(
    (settings) => new EvidencePublisher(openPlace(settings, database), log),
  )
  const source = new DatabaseSinkSource(database, randomUUID(), Date.now)
  const sinks = config.auditSinks.map((settings) => {
    const sink = createSink(settings)
    return { name: sink.name, sink, delivery: new SinkDelivery(sink, source, { log }) }
  })
  const onCheckpoint = (checkpoint: SignedCheckpoint): void => {
    for (const publisher of publishers) publisher.offer(checkpoint)
    for (const { delivery } of sinks) delivery.wake()
    onSigned(checkpoint)
  }
  const checkpointer = new Checkpointer({ database, keys: logKeys, now: Date.now, onCheckpoint, onError })
  opened.add(() =>
    source.close().catch((error: unknown) => {
      onError(error, 'the leases of the audit sinks run out by themselves')
    }),
  )
  runUntilClosed(
    [
      ...publishers.map((publisher) => (signal: AbortSignal) => publisher.run(signal)),
      ...sinks.map(({ sink, delivery }) => async (signal: AbortSignal) => {
        await delivery.run(signal)
        await sink.close()
      }),
    ],
    opened,
  )
  const spool = await startSpool(installation, config, onError, checkpointer, opened)
  opened.add(every(CHECKPOINT_MILLISECONDS, () => checkpointer.run(), onError))
  opened.add(every(PRUNE_MILLISECONDS, () => pruneAuditLogs(database, logKeys, Date.now()), onError))
  const reads = new AuditReads(
    (draft) => database.transact((tx) => appendAudit(tx, logKeys, draft)),
    Date.now,
  )
  return { calls: new CallLog(spool, Date.now), reads, spool, checkpointer, sinks }
}

async function startSpool(
  { database, logKeys }: Installation,
  config: Config,
  onError: (error: unknown, message: string) => void,
  checkpointer: Checkpointer,
  opened: Opened,
): Promise<SpoolWriter> {
  const directory = join(config.dataDirectory, 'audit-spool')
  const state = { hasNews: true, idleTurns: 0 }
  const onDurable = (): void => {
    state.hasNews = true
  }
  const spool = await SpoolWriter.open({
    directory,
    bytesMax: config.auditSpoolBytesMax,
    now: Date.now,
    onError,
    onDurable,
  })
  const drain = new SpoolDrain({ directory, database, keys: logKeys, writer: spool, onError })
  const stop = every(
    DRAIN_MILLISECONDS,
    async () => {
      // Also now and then without news, so that files of which everything was taken do not lie about.
      if (!state.hasNews && ++state.idleTurns < IDLE_TURNS) return
      state.hasNews = false
      state.idleTurns = 0
      await drain.drain().catch((error: unknown) => {
        state.hasNews = true
        throw error
      })
    },
    onError,
  )
  opened.add(async () => {
    await stop()
    await spool.close()
    // A database that is gone keeps nothing else from closing: what is in the files comes into the log later.
    await drain.close().catch((error: unknown) => {
      onError(error, 'recorded calls stay in the spool until the next start')
    })
    await checkpointer.run().catch((error: unknown) => {
      onError(error, 'no last checkpoint could be signed')
    })
  })
  return spool
}
