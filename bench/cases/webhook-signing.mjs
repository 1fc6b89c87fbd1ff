// What signing a webhook of 1 KiB costs: core's headers, against as many bare one-shot HMACs under a key that is held
// as an object, and Ed25519 against bare Ed25519 beside them.
import { createHmac, createSecretKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { signWebhook } from '@bitting/core'
import { hmacSigner } from '../../server/dist/webhooks/signing-keys.js'
import { newEvent } from '../webhook-stage.mjs'

const TURNS = 15
const CALLS = 4000

const secret = randomBytes(32)
const key = createSecretKey(secret)
const { privateKey } = generateKeyPairSync('ed25519')
const { id, body } = newEvent()
const single = hmacSigner(secret)
const ed25519 = (parts) => sign(null, Buffer.concat(parts.map((part) => Buffer.from(part))), privateKey)
const signers = { single, several: [single], ed25519: [ed25519] }
const ours = (schemes) => () => signWebhook({ id, timestampMilliseconds: Date.now(), body }, signers, schemes)
const hmacs = (count) => () => {
  for (let at = 0; at < count; at++) createHmac('sha256', key).update(body).digest()
}
const threeHmacs = hmacs(3)
const data = Buffer.from(body)

const measured = {
  'one HMAC (standard)': { ours: ours(['standard']), bare: hmacs(1) },
  'three HMACs (standard, retell, body)': { ours: ours(['standard', 'retell', 'body']), bare: threeHmacs },
  'the three and Ed25519': {
    ours: ours(['standard', 'retell', 'body', 'ed25519']),
    bare: () => {
      threeHmacs()
      sign(null, data, privateKey)
    },
  },
}

/** Microseconds of processor time a call. */
function time(side) {
  const before = process.cpuUsage()
  for (let call = 0; call < CALLS; call++) side()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / CALLS
}

const best = {}
for (let turn = 0; turn < TURNS; turn++) {
  for (const [name, pair] of Object.entries(measured)) {
    for (const [side, run] of Object.entries(pair)) {
      best[name] ??= { ours: Infinity, bare: Infinity }
      best[name][side] = Math.min(best[name][side], time(run))
    }
  }
}
console.log(JSON.stringify(best))
