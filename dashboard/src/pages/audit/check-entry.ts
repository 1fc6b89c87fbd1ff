import type { AuditEntryProofView, InclusionProofView } from '@bitting/client'
import {
  decodeBase64,
  encodeBase64,
  leafHash,
  verifyInclusion,
  type AuditEntry,
  type Checkpoint,
} from '@bitting/core'
import { formatCount, formatNumber } from '../../format.js'
import { checkSignature, OBSTACLES, reportOf, type CheckReport, type CheckStep } from './check.js'
import { CannotVerifyError, withWebCrypto } from './web-crypto.js'

/** What an entry is checked against. */
export interface EntryEvidence {
  readonly proof: InclusionProofView
  /** The signed checkpoint. */
  readonly note: string
  readonly verifierKey: string
}

/**
 * Checks an entry as the server gave it: that what is shown is what its leaf says, that its personal data is what the
 * leaf is committed to, that the leaf is in the tree of the checkpoint, and that the checkpoint is signed.
 *
 * @param index the entry that was asked for
 */
export async function checkEntry(
  index: number,
  view: AuditEntryProofView,
  { proof, note, verifierKey }: EntryEvidence,
): Promise<CheckReport> {
  const raw = decodeBase64(view.raw)
  if (raw === null) return reportOf([shownStep(false)])
  const shown = shownStep(isShown(index, view, textOf(raw)))
  try {
    const personal = await personalStep(view, textOf(raw))
    const signature = await checkSignature(note, verifierKey, view.workspace)
    const place = await placeSteps(index, raw, proof, signature.checkpoint)
    return reportOf([shown, personal, ...place, signature.step])
  } catch (error) {
    if (!(error instanceof CannotVerifyError)) throw error
    const detail = OBSTACLES[error.obstacle]
    return reportOf([shown, { id: 'leaf', title: 'The proof of this entry', detail, state: 'open' }])
  }
}

function shownStep(isGood: boolean): CheckStep {
  return {
    id: 'shown',
    title: 'What is shown is what the log holds',
    detail: isGood
      ? 'Every field stands so in the bytes that are proved.'
      : 'The fields differ from the bytes that are proved.',
    state: isGood ? 'good' : 'bad',
  }
}

async function personalStep({ personal }: AuditEntryProofView, leaf: string): Promise<CheckStep> {
  const step = (state: CheckStep['state'], detail: string): CheckStep => ({
    id: 'personal',
    title: 'Personal data is what was written',
    detail,
    state,
  })
  const commitment = parse(leaf)?.['personal'] ?? null
  if (commitment === null) return step('good', 'The entry itself holds it.')
  if (personal === null) return step('good', 'It was erased. The entry and its proof remain.')
  const bytes = decodeBase64(personal)
  const hash = bytes === null ? null : await withWebCrypto(({ sha256 }) => encodeBase64(sha256(bytes)))
  return hash === commitment
    ? step('good', 'Its SHA-256 stands in the entry.')
    : step('bad', 'Its SHA-256 is another than the entry says.')
}

async function placeSteps(
  index: number,
  raw: Uint8Array,
  proof: InclusionProofView,
  checkpoint: Checkpoint | null,
): Promise<CheckStep[]> {
  const leaf = await withWebCrypto(({ sha256 }) => leafHash(sha256, raw))
  const leafStep: CheckStep = { id: 'leaf', title: 'Leaf hash', detail: encodeBase64(leaf), state: 'good' }
  if (checkpoint === null) return [leafStep]
  const hashes = proof.hashes.map((text) => decodeBase64(text) ?? new Uint8Array())
  const { size, root } = checkpoint
  const isIn = await withWebCrypto(({ sha256 }) =>
    verifyInclusion(sha256, { index, size, leafHash: leaf, proof: hashes, root }),
  )
  const way = `${formatCount(hashes.length, 'hash', 'hashes')} from the leaf to the root of ${formatCount(size, 'entry', 'entries')}`
  return [
    leafStep,
    { id: 'path', title: 'Path', detail: way, state: 'good' },
    {
      id: 'root',
      title: isIn ? 'The root matches' : 'The root does not match',
      detail: isIn
        ? encodeBase64(root)
        : `Entry ${formatNumber(index)} is not in the tree that was signed: ${encodeBase64(root)}`,
      state: isIn ? 'good' : 'bad',
    },
  ]
}

/** Whether the fields of a view are those that a leaf and its personal data make, and of the entry asked for. */
function isShown(index: number, view: AuditEntryProofView, leaf: string): boolean {
  const { personal } = view
  const entry = Object.fromEntries(
    Object.entries(view).filter(([name]) => name !== 'raw' && name !== 'personal'),
  )
  const bytes = personal === null ? null : decodeBase64(personal)
  const read = readEntry(leaf, bytes === null ? null : textOf(bytes))
  return read !== null && read['index'] === index && canonical(read) === canonical(entry)
}

/** The entry that a leaf and its personal data make, as the server reads it. */
function readEntry(leaf: string, personalText: string | null): Record<string, unknown> | null {
  const parsed = parse(leaf)
  if (parsed === null) return null
  const { personal: commitment, ...rest } = parsed
  const told = personalText === null ? {} : (parse(personalText) ?? {})
  const actor = rest['actor'] as Partial<AuditEntry['actor']> | undefined
  const resource = rest['resource'] as Partial<AuditEntry['resource']> | undefined
  const metadata = told['metadata']
  return {
    ...rest,
    actor: {
      type: actor?.type,
      id: told['actor_id'] ?? actor?.id,
      address: told['address'] ?? actor?.address ?? null,
      user_agent: told['user_agent'] ?? actor?.user_agent ?? null,
    },
    resource: { type: resource?.type, id: told['resource_id'] ?? resource?.id },
    details: metadata === undefined ? rest['details'] : { ...(rest['details'] as object), metadata },
    erased: commitment !== null && personalText === null,
  }
}

/** A value as text whose members are in order, so that equal values are equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, it: unknown) =>
    typeof it === 'object' && it !== null && !Array.isArray(it)
      ? Object.fromEntries(Object.entries(it).sort(([left], [right]) => (left < right ? -1 : 1)))
      : it,
  )
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(text) as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
