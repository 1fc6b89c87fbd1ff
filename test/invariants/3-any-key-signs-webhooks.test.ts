import { createHash, createHmac } from 'node:crypto'
import Retell from 'retell-sdk'
import { describe, expect, test } from 'vitest'
import { secretSealingContext } from '../../server/src/storage/columns.js'
import { loadRootKey } from '../../server/src/storage/root-key.js'
import { Sealer } from '../../server/src/storage/sealing.js'
import { useServer } from '../http/support.js'

describe('invariant 3: any key can sign webhooks without being recoverable', () => {
  const suite = useServer()

  /** What the database holds of a key's current secret, opened: the SHA-256 of its token, and nothing else. */
  const storedDigest = async (keyId: string): Promise<Buffer> => {
    const { id, workspace_id, sealed_digest } = await suite.database.read
      .selectFrom('secrets')
      .selectAll()
      .where('key_id', '=', keyId)
      .where('retires_at', 'is', null)
      .executeTakeFirstOrThrow()
    const sealer = new Sealer(await loadRootKey({ dataDirectory: suite.server.dataDirectory }))
    if (sealed_digest === null) throw new Error('the secret has no digest')
    return Buffer.from(sealer.open(sealed_digest, secretSealingContext(workspace_id, id)))
  }
  /** The signature in Retell's form: the time in milliseconds, and the HMAC of the body and that time. */
  const sign = (key: Buffer, body: string, atMilliseconds: number): string =>
    `v=${String(atMilliseconds)},d=${createHmac('sha256', key)
      .update(`${body}${String(atMilliseconds)}`)
      .digest('hex')}`

  test.each(['development', 'staging', 'production'])(
    'a token of %s is longer than an HMAC block, so its digest is as good a key',
    async (environment) => {
      const { id, token } = await suite.tenant.createKey({ environment })
      expect(Buffer.byteLength(token)).toBeGreaterThan(64)
      const digest = await storedDigest(id)
      expect(digest).toEqual(createHash('sha256').update(token).digest())
      const body = '{"event":"call_ended"}'
      expect(sign(digest, body, 1)).toBe(sign(Buffer.from(token), body, 1))
    },
  )

  test('Retell’s own SDK accepts with the token what was signed with the stored digest', async () => {
    const { id, token } = await suite.tenant.createKey()
    const digest = await storedDigest(id)
    const body = JSON.stringify({
      event: 'call_analyzed',
      call: { call_id: 'call_1', transcript: 'Grüezi 🔑' },
    })
    const signature = sign(digest, body, Date.now())
    expect(await Retell.verify(body, token, signature)).toBe(true)
    expect(await Retell.verify(`${body} `, token, signature)).toBe(false)
    const { token: other } = await suite.tenant.createKey()
    expect(await Retell.verify(body, other, signature)).toBe(false)
    expect(await Retell.verify(body, token, sign(digest, body, Date.now() - 3_600_000))).toBe(false)
  })

  test('a rotated key signs with its new secret', async () => {
    const { id, token } = await suite.tenant.createKey()
    const { body } = await suite.tenant.call('POST', `/v1/keys/${id}/rotate`, { overlap_seconds: 60 })
    const text = '{"event":"call_started"}'
    const signature = sign(await storedDigest(id), text, Date.now())
    expect(await Retell.verify(text, body.token as string, signature)).toBe(true)
    expect(await Retell.verify(text, token, signature)).toBe(false)
  })

  test('the stored digest lets nobody in: it is not what is presented', async () => {
    const { id } = await suite.tenant.createKey({ access: 'full' })
    const digest = await storedDigest(id)
    for (const guess of [digest.toString('hex'), digest.toString('base64'), digest.toString('base64url')]) {
      expect((await suite.server.fetch('/health', guess)).status).toBe(401)
    }
  })
})
