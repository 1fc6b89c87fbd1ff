import { backoff } from '../sinks/backoff.js'
import { SYSTEM_CLOCK, type DeliveryClock, type DeliveryLog } from '../sinks/delivery.js'
import { errorCode, SinkError } from '../sinks/sink.js'
import type { SignedCheckpoint } from '../checkpointer.js'
import { LogTamperedError } from '../tree.js'

/** A place outside this machine, or outside its database, that checkpoints are sent to. */
export interface EvidencePlace {
  readonly name: string
  send(checkpoint: SignedCheckpoint, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** The newest checkpoint of a log that the place does not have yet. */
interface Waiting {
  checkpoint: SignedCheckpoint
  /** In a row. */
  failures: number
  /** Not sent again before this, in milliseconds of the monotonic clock. */
  retryAt: number
  /** The code of the failure that the operator was told of. */
  told: string | null
}

/**
 * Sends checkpoints to one place. Of each log the newest counts: it proves all that an older one proved, so where a
 * place is slow or down the older ones are passed over. A log that the place refuses waits for its own next attempt
 * alone; a place that does not answer is left alone for a while, and then asked about the log that failed least.
 */
export class EvidencePublisher {
  readonly #place: EvidencePlace
  readonly #log: DeliveryLog
  readonly #clock: DeliveryClock
  readonly #waiting = new Map<string, Waiting>()
  #wake: () => void = () => undefined
  /** How often in a row the place itself failed. */
  #failures = 0

  constructor(place: EvidencePlace, log: DeliveryLog, clock: DeliveryClock = SYSTEM_CLOCK) {
    this.#place = place
    this.#log = log
    this.#clock = clock
  }

  /** Says that there is a new checkpoint. */
  offer(checkpoint: SignedCheckpoint): void {
    const { workspaceId } = checkpoint
    const waiting = this.#waiting.get(workspaceId)
    if (waiting === undefined) {
      this.#waiting.set(workspaceId, { checkpoint, failures: 0, retryAt: -Infinity, told: null })
    } else waiting.checkpoint = checkpoint
    this.#wake()
  }

  /** Sends until the signal fires; then once more what waits, and closes the place. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake(), { once: true })
    for (;;) {
      await this.#untilDue(signal)
      if (signal.aborted) break
      if (await this.#sendDue(signal)) continue
      await this.#clock.sleep(backoff(this.#failures, null), signal)
    }
    await this.#sendLast(AbortSignal.timeout(LAST_MILLISECONDS))
    await this.#place.close()
  }

  /** Until a log may be sent or the signal fires; a new checkpoint has it look again. */
  async #untilDue(signal: AbortSignal): Promise<void> {
    for (;;) {
      let next = Infinity
      for (const { retryAt } of this.#waiting.values()) next = Math.min(next, retryAt)
      const pause = next - this.#clock.monotonic()
      if (pause <= 0 || signal.aborted) return
      const idle = new AbortController()
      this.#wake = () => idle.abort()
      await this.#clock.sleep(Math.min(pause, IDLE_MILLISECONDS), idle.signal)
    }
  }

  /** Sends the logs that are due, and says whether the place answered to the end. */
  async #sendDue(signal: AbortSignal): Promise<boolean> {
    for (const waiting of this.#inTurn(this.#clock.monotonic())) {
      if (!(await this.#send(waiting, signal))) return false
    }
    return true
  }

  /** Whatever fails, the next is sent: only the time that is left bounds how often a place that is down is asked. */
  async #sendLast(signal: AbortSignal): Promise<void> {
    for (const waiting of this.#inTurn(Infinity)) {
      if (!(await this.#send(waiting, signal)) && signal.aborted) return
    }
  }

  /** What is due, and first what failed least, so that no log keeps another from its turn. */
  #inTurn(now: number): readonly Waiting[] {
    const due = [...this.#waiting.values()].filter(({ retryAt }) => retryAt <= now)
    return due.sort((left, right) => left.failures - right.failures)
  }

  /** Says whether the place answered, be it with a refusal. */
  async #send(waiting: Waiting, signal: AbortSignal): Promise<boolean> {
    const { checkpoint } = waiting
    const { workspaceId } = checkpoint
    try {
      await this.#place.send(checkpoint, signal)
    } catch (error) {
      return this.#failed(waiting, error)
    }
    this.#failures = 0
    if (waiting.told !== null) {
      this.#log.info({ evidence: this.#place.name, workspace: workspaceId }, 'checkpoints arrive again')
    }
    this.#waiting.delete(workspaceId)
    // A newer one may have come meanwhile.
    if (waiting.checkpoint !== checkpoint) this.offer(waiting.checkpoint)
    return true
  }

  #failed(waiting: Waiting, error: unknown): boolean {
    const isAnswer = isAboutOneLog(error)
    this.#tell(waiting, error, isAnswer || this.#failures === 0)
    waiting.retryAt = this.#clock.monotonic() + backoff(++waiting.failures, null)
    this.#failures = isAnswer ? 0 : this.#failures + 1
    return isAnswer
  }

  /** Once when it begins; but a place that found two logs where there should be one is told of every time. */
  #tell(waiting: Waiting, error: unknown, isNews: boolean): void {
    const code = errorCode(error)
    const isEvidenceOfForgery = error instanceof SinkError && FORGERY.has(error.code)
    if ((!isNews || waiting.told === code) && !isEvidenceOfForgery) return
    waiting.told = code
    const message = error instanceof SinkError ? error.message : code
    const fields = { evidence: this.#place.name, workspace: waiting.checkpoint.workspaceId, code }
    this.#log.warn(fields, `a checkpoint did not arrive: ${message}`)
  }
}

/** Whether another log may fare better at once. Where nothing answers, or only a proxy, it would wait as long. */
function isAboutOneLog(error: unknown): boolean {
  if (error instanceof LogTamperedError) return true
  return error instanceof SinkError && error.status !== null && !OF_THE_PLACE.has(error.status)
}

const FORGERY: ReadonlySet<string> = new Set(['fork', 'inconsistent'])
/** Answers that are about the place and not about what it was given. */
const OF_THE_PLACE: ReadonlySet<number> = new Set([408, 429, 502, 503, 504])
const LAST_MILLISECONDS = 2000
/** A timer has to have an end. */
const IDLE_MILLISECONDS = 60_000
