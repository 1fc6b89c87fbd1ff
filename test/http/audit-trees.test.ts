import {
  formatEntryBundle,
  openCheckpoint,
  parseTlogProof,
  parseVerifierKey,
  verifyInclusion,
} from '@bitting/core'
import { beforeAll, expect, test } from 'vitest'
import { NOTE_CRYPTO, sha256 } from '../../server/src/audit/log-key.js'
import { hashOfLeaf } from '../../server/src/audit/proofs.js'
import { describeEachServer, type Tenant } from './support.js'
import { record, search, openNewest, signedWhole, decode, read } from './audit-support.js'

describeEachServer('the trees of two tenants', (suite) => {
  let ours: Tenant
  let theirs: Tenant
  beforeAll(async () => {
    ours = await suite.newTenant('Ours')
    theirs = await suite.newTenant('Theirs')
    for (const tenant of [ours, theirs]) {
      await record(tenant, { resource: `secret_of_${tenant.id}` })
      await signedWhole(suite, tenant)
    }
  })

  test('have names, keys and checkpoints of their own, which do not pass for the other’s', async () => {
    const keyOf = async (tenant: Tenant) => (await tenant.call('GET', '/v1/audit/checkpoint/key')).text.trim()
    const [our, their] = [await keyOf(ours), await keyOf(theirs)]
    expect(our).not.toBe(their)
    expect([our.split('+')[0], their.split('+')[0]]).toEqual([`bitting/${ours.id}`, `bitting/${theirs.id}`])
    expect((await openNewest(ours)).origin).toBe(`bitting/${ours.id}`)
    const key = parseVerifierKey(sha256, our)
    const { text } = await theirs.call('GET', '/v1/audit/checkpoint')
    expect(openCheckpoint(text, key === null ? [] : [key], NOTE_CRYPTO)).toBeNull()
  })

  test('are made of their own entries, tile by tile', async () => {
    for (const [tenant, other] of [
      [ours, theirs],
      [theirs, ours],
    ] as const) {
      const { size, root } = await signedWhole(suite, tenant)
      const entries = (await suite.entries(tenant, 100)).filter(({ index }) => index < size).reverse()
      const raws: Buffer[] = []
      for (const { index } of entries) raws.push(decode((await read(tenant, index)).body.raw as string))
      const bundle = await tenant.call('GET', `/v1/audit/tile/entries/000.p/${String(size)}`)
      expect(Buffer.from(bundle.bytes).equals(formatEntryBundle(raws))).toBe(true)
      expect(bundle.text).toContain(tenant.id)
      expect(bundle.text).not.toContain(other.id)
      const hashes = await tenant.call('GET', `/v1/audit/tile/0/000.p/${String(size)}`)
      expect(Buffer.from(hashes.bytes)).toEqual(Buffer.concat(raws.map((raw) => hashOfLeaf(raw.toString()))))
      for (const [index, raw] of raws.entries()) {
        const proof = parseTlogProof((await tenant.call('GET', `/v1/audit/${String(index)}/tlog-proof`)).text)
        const leafHash = hashOfLeaf(raw.toString())
        const claim = { index, size, leafHash, proof: proof?.hashes ?? [], root }
        if (proof?.checkpoint.split('\n')[1] === String(size)) {
          expect([index, verifyInclusion(sha256, claim)]).toEqual([index, true])
        }
      }
    }
  })

  test('lie apart in every tile, also in those of logs larger than any test makes', async () => {
    // Nothing looks at a tree's nodes before it serves them, so a tile far to the right can be put there.
    const large = await suite.newTenant('Large')
    await signedWhole(suite, large)
    const places = [
      { idx: 1067, path: '0/x001/067' },
      { idx: 1_234_067, path: '0/x001/x234/067' },
    ]
    await suite.database.transact(async (tx) => {
      for (const { idx } of places) {
        const hashes = Buffer.alloc(256 * 32, idx % 251)
        await tx.insertInto('audit_tiles').values({ workspace_id: large.id, level: 0, idx, hashes }).execute()
      }
      await tx
        .updateTable('audit_trees')
        .set({ size: 2 ** 40 })
        .where('workspace_id', '=', large.id)
        .execute()
    })
    for (const { idx, path } of places) {
      const answer = await large.call('GET', `/v1/audit/tile/${path}`)
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([
        path,
        200,
        'application/octet-stream',
      ])
      expect(Buffer.from(answer.bytes).equals(Buffer.alloc(256 * 32, idx % 251))).toBe(true)
      const part = await large.call('GET', `/v1/audit/tile/${path}.p/7`)
      expect([part.status, part.bytes.length]).toEqual([200, 7 * 32])
      for (const suffix of ['', '.p/7']) {
        const { status, body } = await ours.call('GET', `/v1/audit/tile/${path}${suffix}`)
        expect([status, body.code]).toEqual([404, 'not_found'])
      }
    }
  })

  test('show nothing of the other, however it is searched and exported', async () => {
    const id = theirs.id
    for (const filter of [{ text: `secret of ${id}` }, { resource: `secret_of_${id}` }, { text: id }]) {
      const found = (await search(ours, filter)).filter(({ action }) => action !== 'audit.read')
      expect(found).toEqual([])
    }
    for (const format of ['jsonl', 'csv', 'ocsf']) {
      const { text } = await theirs.call('GET', `/v1/audit/export?format=${format}`)
      expect(text).toContain(`secret_of_${id}`)
      expect(text).not.toContain(ours.id)
    }
  })
})
