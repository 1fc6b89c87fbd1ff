import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { backoff } from '../sinks/backoff.js'
import type { DeliveryLog } from '../sinks/delivery.js'
import { errorCode, SinkError } from '../sinks/sink.js'
import type { SignedCheckpoint } from '../checkpointer.js'

/** A place outside this machine, or outside its database, that checkpoints are sent to. */
export interface EvidencePlace {
  readonly name: string
  send(checkpoint: SignedCheckpoint, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/**
 * Sends checkpoints to one place. Of each log the newest counts: it proves all that an older one proved, so where a
 * place is slow or down the older ones are passed over.
 */
export class EvidencePublisher {
  readonly #place: EvidencePlace
  readonly #log: DeliveryLog
  readonly #waiting = new Map<string, SignedCheckpoint>()
  #wake: () => void = () => undefined
  #failures = 0

  constructor(place: EvidencePlace, log: DeliveryLog) {
    this.#place = place
    this.#log = log
  }

  /** Says that there is a new checkpoint. */
  offer(checkpoint: SignedCheckpoint): void {
    this.#waiting.set(checkpoint.workspaceId, checkpoint)
    this.#wake()
  }

  /** Sends until the signal fires; then once more what waits, and closes the place. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake(), { once: true })
    while (!signal.aborted) {
      if (this.#waiting.size === 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
          if (signal.aborted) resolve()
        })
      }
      if (await this.#sendAll(signal)) continue
      const pause = backoff(this.#failures, null, () => randomInt(2 ** 32) / 2 ** 32)
      await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined)
    }
    await this.#sendAll(AbortSignal.timeout(LAST_MILLISECONDS))
    await this.#place.close()
  }

  /** Says whether all that waited has arrived. */
  async #sendAll(signal: AbortSignal): Promise<boolean> {
    for (const [workspaceId, checkpoint] of this.#waiting) {
      try {
        await this.#place.send(checkpoint, signal)
      } catch (error) {
        this.#tell(error)
        return false
      }
      // A newer one may have come meanwhile.
      if (this.#waiting.get(workspaceId) === checkpoint) this.#waiting.delete(workspaceId)
      if (this.#failures > 0) this.#log.info({ evidence: this.#place.name }, 'checkpoints arrive again')
      this.#failures = 0
    }
    return true
  }

  /** Once when it begins; but a place that found two logs where there should be one is told of every time. */
  #tell(error: unknown): void {
    const isEvidenceOfForgery = error instanceof SinkError && FORGERY.has(error.code)
    if (this.#failures++ > 0 && !isEvidenceOfForgery) return
    const code = errorCode(error)
    const message = error instanceof SinkError ? error.message : code
    this.#log.warn({ evidence: this.#place.name, code }, `a checkpoint did not arrive: ${message}`)
  }
}

const FORGERY: ReadonlySet<string> = new Set(['fork', 'inconsistent'])
const LAST_MILLISECONDS = 2000
