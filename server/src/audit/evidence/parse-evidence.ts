import { createHash, timingSafeEqual } from 'node:crypto'
import { nameOfUrl, readAddresses, type Address } from '../sinks/addresses.js'
import { parseWebhook, type WebhookSettings } from '../sinks/parse-sinks.js'

/** Where checkpoints go, as the setting describes it. Only `name` may be shown: the rest may hold secrets. */
export type EvidenceSettings =
  | { readonly kind: 'stdout'; readonly name: string }
  | { readonly kind: 'file'; readonly name: string; readonly directory: string }
  | WebhookSettings
  | {
      readonly kind: 'witness'
      readonly name: string
      /** The submission prefix, without a slash at the end. */
      readonly url: string
      /** The verifier key, `<name>+<key id>+<base64>`; its form is checked, and that the id fits the key. */
      readonly verifierKey: string
      readonly caFile: string | null
    }

const PARSERS = {
  stdout: parseStdout,
  file: parseDirectory,
  'webhook+https': parseWebhook,
  'webhook+http': parseWebhook,
  'witness+https': parseWitness,
  'witness+http': parseWitness,
} satisfies Record<string, (address: Address) => EvidenceSettings | null>

const SETTING = 'BITTING_AUDIT_EVIDENCE'
/** The type of timestamped Ed25519 cosignatures in C2SP signed-note, before the key's 32 bytes. */
const COSIGNATURE_TYPE = 0x04
const KEY_BYTES = 1 + 32

/**
 * Reads `BITTING_AUDIT_EVIDENCE`: addresses separated by spaces or line ends. Gives where checkpoints go, or every flaw
 * at once, each with what to write instead. No flaw and no name repeats a secret.
 */
export function parseEvidence(
  text: string,
): { readonly evidence: readonly EvidenceSettings[] } | { readonly flaws: readonly string[] } {
  const flaws: string[] = []
  const evidence: EvidenceSettings[] = []
  for (const address of readAddresses(SETTING, text, Object.keys(PARSERS), flaws)) {
    const settings = PARSERS[address.scheme as keyof typeof PARSERS](address)
    address.finish()
    if (settings === null) continue
    if (evidence.some((one) => one.name === settings.name)) {
      address.flaw('another address leads to the same place; leave one away, or tell them apart with name=…')
    }
    evidence.push(settings)
  }
  return flaws.length > 0 ? { flaws } : { evidence }
}

function parseStdout(address: Address): EvidenceSettings {
  if (address.rest !== '') address.flaw('write stdout: and nothing after it')
  return { kind: 'stdout', name: address.name('stdout') }
}

function parseDirectory(address: Address): EvidenceSettings {
  const directory = address.ownPath('write an absolute path, file:/var/lib/bitting-evidence for example')
  return { kind: 'file', directory, name: address.name(`file:${directory}`) }
}

function parseWitness(address: Address): EvidenceSettings | null {
  const url = address.httpUrl({ example: 'witness+https://witness.example.com/prefix' })
  const verifierKey = address.text('key') ?? ''
  if (!isVerifierKey(verifierKey)) {
    address.flaw(
      "key: write the witness's verifier key for Ed25519 cosignatures, name+8 hexadecimal digits+base64",
    )
  }
  const caFile = address.scheme.endsWith('https') ? address.path('ca') : null
  const ownName = address.name('')
  if (url === null) return null
  address.requireSecure(url)
  const name = ownName === '' ? nameOfUrl(address.scheme, url, '/') : ownName
  return { kind: 'witness', name, url: url.href.replace(/\/+$/, ''), verifierKey, caFile }
}

/** The form of C2SP signed-note, for the one type of cosignature that is verified here. */
function isVerifierKey(text: string): boolean {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text)
  if (match === null) return false
  const [, name = '', id = '', encoded = ''] = match
  const key = Buffer.from(encoded, 'base64')
  if (key.length !== KEY_BYTES || key[0] !== COSIGNATURE_TYPE || key.toString('base64') !== encoded) {
    return false
  }
  const digest = createHash('sha256').update(`${name}\n`).update(key).digest()
  return timingSafeEqual(digest.subarray(0, 4), Buffer.from(id, 'hex'))
}
