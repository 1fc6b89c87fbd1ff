import { randomInt } from 'node:crypto'
import { maskCredentials, type Decision, type Operation, type TableWorkspace } from '@bitting/core'
import { writeEntry, type EntryDraft } from './entry.js'
import type { CallPolicy } from './policy.js'
import { SETTLED, type Recording, type SpoolWriter } from './spool/spool-writer.js'

/** A workspace as far as recording its calls needs it. */
export interface RecordedWorkspace extends TableWorkspace {
  readonly callPolicy: CallPolicy
}

/** What was called, and from where. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly address: string | null
  readonly userAgent: string | null
  readonly requestId: string | null
  /** Where the decision was asked for: at the gateway, or by whoever enforces it elsewhere. */
  readonly via: 'gateway' | 'verify'
}

const USER_AGENT_LENGTH_MAX = 256
const USER_AGENTS_MAX = 1000
const SAMPLING_STEPS = 2 ** 32
const PARAMETER = /^[\w.:+-]{1,64}$/

/** Records what became of calls with a key. A call without a known key belongs to no workspace's log. */
export class CallLog {
  readonly #spool: SpoolWriter
  readonly #now: () => number
  readonly #userAgents = new Map<string, string>()

  /** @param nowMilliseconds the present in milliseconds since 1970 UTC */
  constructor(spool: SpoolWriter, nowMilliseconds: () => number) {
    this.#spool = spool
    this.#now = nowMilliseconds
  }

  /** Records a decision where its workspace wants that. What it returns settles when the entry is durable. */
  record(decision: Decision<RecordedWorkspace>, call: Call): Recording {
    const { principal, operation } = decision
    if (principal === null) return SETTLED
    const { id: workspaceId, callPolicy } = principal.workspace
    const isAllowed = decision.outcome === 'allowed'
    if (isAllowed && !isWanted(callPolicy, operation, call.method)) return SETTLED
    const { resource, resourceId } = resourceOf(operation, call.path)
    const draft: EntryDraft = {
      workspaceId,
      atMilliseconds: this.#now(),
      actor: { type: 'key', id: principal.keyId },
      action: isAllowed ? 'call.allowed' : 'call.denied',
      operation: operation?.name ?? null,
      resource: { type: resource, id: null },
      failure: isAllowed ? null : decision.reason,
      requestId: call.requestId,
      details: {
        method: call.method,
        via: call.via,
        ...(isAllowed && callPolicy.calls === 'sampled' && { sample_rate: callPolicy.sampleRate }),
      },
      personal: {
        address: call.address,
        user_agent: this.#maskedUserAgent(call.userAgent),
        ...(resourceId !== null && { resource_id: resourceId }),
      },
    }
    // Everything in it is ours, checked or masked, so it need not be looked through again.
    return this.#spool.append(writeEntry(draft))
  }

  /** Callers have few user agents, and masking one costs as much as the rest of its entry. */
  #maskedUserAgent(text: string | null): string | null {
    if (text === null) return null
    const known = this.#userAgents.get(text)
    if (known !== undefined) return known
    const masked = maskCredentials(text).slice(0, USER_AGENT_LENGTH_MAX)
    if (this.#userAgents.size >= USER_AGENTS_MAX) this.#userAgents.clear()
    this.#userAgents.set(text, masked)
    return masked
  }
}

function isWanted({ calls, sampleRate }: CallPolicy, operation: Operation | null, method: string): boolean {
  if (calls === 'all') return true
  if (calls === 'sampled') return randomInt(SAMPLING_STEPS) < sampleRate * SAMPLING_STEPS
  if (operation?.requirement.kind === 'level') return operation.requirement.level === 'edit'
  return method !== 'GET' && method !== 'HEAD'
}

/**
 * What a call was about: the first parameter of its path where there is one. A value that is longer than any id, or
 * holds what ids do not, is left out, because a path is written by the caller: it may hold anything, also a token.
 */
function resourceOf(
  operation: Operation | null,
  path: string,
): { readonly resource: string; readonly resourceId: string | null } {
  const at = operation?.template.indexOf('{') ?? -1
  if (operation === null || at < 0) return { resource: 'operation', resourceId: null }
  const resource = operation.template.slice(at + 1, operation.template.indexOf('}', at))
  const segments = operation.template.slice(0, at).split('/').length - 1
  const value = path.split('/')[segments]?.replaceAll('%2B', '+') ?? ''
  return { resource, resourceId: PARAMETER.test(value) ? maskCredentials(value) : null }
}
