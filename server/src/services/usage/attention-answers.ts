import type { AttentionView } from '@bitting/client'
import { sql } from 'kysely'
import { currentRevision } from '../../storage/change-log.js'
import type { Reader } from '../../storage/database.js'
import type { ServiceContext } from '../context.js'
import { getAttention } from './attention.js'

/** How long an answer is kept, in seconds, while no key of its workspace changes. */
export const ATTENTION_KEPT_SECONDS = 60

/** The most workspaces whose answer is kept: one can have some 100 KB. */
const KEPT_MAX = 200

/** What was so before an answer was worked out. */
interface Basis {
  readonly revision: number
  /** The key that signs webhooks: it is never idle, and no verifier has to learn which it is. */
  readonly signingKeyId: string | null
  /** In whole seconds since 1970 UTC. */
  readonly at: number
}

/** An answer that is worked out or was. */
interface Answer {
  readonly basis: Promise<Basis>
  readonly view: Promise<AttentionView>
}

/**
 * What deserves a look, worked out once for all who ask: one computation a workspace at a time, and its answer kept
 * for {@link ATTENTION_KEPT_SECONDS} unless one of its keys changes. Whoever asks after a change was acknowledged is told of it.
 */
export class AttentionAnswers {
  readonly #context: ServiceContext
  readonly #compute: typeof getAttention
  /** By workspace, in the order in which they were begun. */
  readonly #answers = new Map<string, Answer>()

  /** @param compute works one out; {@link getAttention} unless it is told */
  constructor(context: ServiceContext, compute: typeof getAttention = getAttention) {
    this.#context = context
    this.#compute = compute
  }

  /**
   * What deserves a look in a workspace.
   *
   * @throws {ProblemError} too_busy where too many other searches of the workspace wait
   */
  async get(workspaceId: string): Promise<AttentionView> {
    const known = this.#answers.get(workspaceId)
    if (known !== undefined && (await this.#holds(workspaceId, known))) return known.view
    const latest = this.#answers.get(workspaceId)
    // One that was begun while this caller found that the old one does not hold knows all that the caller can.
    if (latest !== undefined && latest !== known) return latest.view
    return this.#begin(workspaceId, latest).view
  }

  #begin(workspaceId: string, previous: Answer | undefined): Answer {
    const context = this.#context
    const basis = settled(previous?.view).then(() => readBasis(context, workspaceId))
    const view = basis.then(() => context.scans.run(workspaceId, () => this.#compute(context, workspaceId)))
    const answer = { basis, view }
    this.#answers.delete(workspaceId)
    this.#answers.set(workspaceId, answer)
    const [oldest] = this.#answers.keys()
    if (this.#answers.size > KEPT_MAX && oldest !== undefined) this.#answers.delete(oldest)
    view.catch(() => {
      if (this.#answers.get(workspaceId) === answer) this.#answers.delete(workspaceId)
    })
    return answer
  }

  /** Says whether an answer is young enough, and no key of the workspace has changed since it was begun. */
  async #holds(workspaceId: string, { basis }: Answer): Promise<boolean> {
    const begun = await basis.catch(() => null)
    if (begun === null) return false
    const age = this.#context.now() - begun.at
    if (age < 0 || age >= ATTENTION_KEPT_SECONDS) return false
    return !(await hasChanged(this.#context.database.read, workspaceId, begun))
  }
}

async function settled(view: Promise<unknown> | undefined): Promise<void> {
  await view?.catch(() => undefined)
}

async function readBasis({ database, now }: ServiceContext, workspaceId: string): Promise<Basis> {
  const at = now()
  const revision = await currentRevision(database.read)
  return { revision, signingKeyId: await signingKeyOf(database.read, workspaceId), at }
}

async function hasChanged(read: Reader, workspaceId: string, basis: Basis): Promise<boolean> {
  // Looks at what all workspaces changed since: that is little within the time that an answer is kept.
  const change = await read
    .selectFrom('change_log')
    .select(sql<number>`1`.as('found'))
    .where('revision', '>', basis.revision)
    .where('workspace_id', '=', workspaceId)
    .limit(1)
    .executeTakeFirst()
  return change !== undefined || (await signingKeyOf(read, workspaceId)) !== basis.signingKeyId
}

async function signingKeyOf(read: Reader, workspaceId: string): Promise<string | null> {
  const row = await read
    .selectFrom('webhook_workspaces')
    .select('key_id')
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst()
  return row?.key_id ?? null
}
