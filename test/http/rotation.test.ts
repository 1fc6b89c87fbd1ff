import { describe, expect, test } from 'vitest'
import { describeEachServer, useStoppedClock } from './support.js'

describeEachServer('rotating a key', (suite) => {
  const clock = useStoppedClock()

  const rotate = async (id: string, overlap: number) => {
    const { status, body, text } = await suite.tenant.call('POST', `/v1/keys/${id}/rotate`, {
      overlap_seconds: overlap,
    })
    expect(status, text).toBe(200)
    return body as { key: Record<string, unknown> & { secrets: { state: string }[] }; token: string }
  }
  /** What the holder of a token is told. */
  const tell = async (token: string): Promise<string> => {
    const answer = await suite.server.fetch('/health', token)
    const { status, code } = (await answer.json()) as { status: string; code?: string }
    return code ?? status
  }
  const states = async (id: string): Promise<string[]> => {
    const { body } = await suite.tenant.call('GET', `/v1/keys/${id}`)
    return (body.secrets as { state: string }[]).map(({ state }) => state)
  }

  test('both tokens work during the overlap, and the old one stops to the second', async () => {
    const { id, token } = await suite.tenant.createKey()
    const { token: next } = await rotate(id, 100)
    expect([await tell(token), await tell(next)]).toEqual(['ok', 'ok'])
    expect(await states(id)).toEqual(['current', 'retiring'])
    clock.turn(99)
    expect([await tell(token), await tell(next)]).toEqual(['ok', 'ok'])
    clock.turn(1)
    expect([await tell(token), await tell(next)]).toEqual(['secret_retired', 'ok'])
    expect(await states(id)).toEqual(['current', 'retired'])
  })

  test('without an overlap the old token stops at once', async () => {
    const { id, token } = await suite.tenant.createKey()
    const { token: next } = await rotate(id, 0)
    expect([await tell(token), await tell(next)]).toEqual(['secret_retired', 'ok'])
  })

  test('keeps everything but the secret', async () => {
    const { id, token } = await suite.tenant.createKey({
      name: 'Rotated',
      note: 'A note',
      environment: 'staging',
      access: { history: 'read', call: 'edit' },
      conditions: { allowed_addresses: ['127.0.0.1', '::1'], not_before: clock.in(-60) },
      expires_at: clock.in(3600),
    })
    const before = (await suite.tenant.call('GET', `/v1/keys/${id}`)).body as object
    clock.turn(10)
    const { key, token: next } = await rotate(id, 60)
    expect(key).toEqual({ ...before, secrets: key.secrets, version: 2, updated_at: clock.in(0) })
    expect(next.slice(0, 'btg_staging_'.length)).toBe('btg_staging_')
    expect(next).not.toBe(token)
    for (const either of [token, next]) {
      expect((await suite.server.fetch('/v3/list-calls', either, { method: 'POST' })).status).not.toBe(403)
      expect((await suite.server.fetch('/list-voices', either)).status).toBe(403)
    }
  })

  test('a second rotation ends the first secret at once; a third destroys its digest', async () => {
    const { id, token: first } = await suite.tenant.createKey()
    const { token: second } = await rotate(id, 3600)
    clock.turn(1)
    const { token: third } = await rotate(id, 3600)
    expect([await tell(first), await tell(second), await tell(third)]).toEqual(['secret_retired', 'ok', 'ok'])
    expect(await states(id)).toEqual(['current', 'retiring', 'retired'])
    clock.turn(1)
    const { token: fourth } = await rotate(id, 3600)
    expect(await Promise.all([first, second, third, fourth].map(tell))).toEqual([
      'invalid_token',
      'secret_retired',
      'ok',
      'ok',
    ])
    expect(await states(id)).toEqual(['current', 'retiring', 'retired', 'destroyed'])
    const rows = await suite.database.read
      .selectFrom('secrets')
      .select(['generation', 'sealed_digest'])
      .where('key_id', '=', id)
      .orderBy('generation')
      .execute()
    expect(rows.map(({ sealed_digest }) => sealed_digest === null)).toEqual([true, false, false, false])
  })

  test('revoking, suspending and resuming act on both secrets', async () => {
    const { id, token } = await suite.tenant.createKey()
    const { token: next } = await rotate(id, 3600)
    const act = (change: string) => suite.tenant.call('POST', `/v1/keys/${id}/${change}`, {})
    await act('suspend')
    expect([await tell(token), await tell(next)]).toEqual(['key_suspended', 'key_suspended'])
    await act('resume')
    expect([await tell(token), await tell(next)]).toEqual(['ok', 'ok'])
    await act('revoke')
    expect([await tell(token), await tell(next)]).toEqual(['key_revoked', 'key_revoked'])
  })

  test('an overlap does not outlive the key', async () => {
    const { id, token } = await suite.tenant.createKey({ expires_at: clock.in(50) })
    const { token: next } = await rotate(id, 3600)
    clock.turn(50)
    expect([await tell(token), await tell(next)]).toEqual(['key_expired', 'key_expired'])
    await suite.tenant.call('PATCH', `/v1/keys/${id}`, { expires_at: clock.in(7200) })
    expect([await tell(token), await tell(next)]).toEqual(['ok', 'ok'])
    clock.turn(3600 - 50)
    expect([await tell(token), await tell(next)]).toEqual(['secret_retired', 'ok'])
  })

  test('an edit during the overlap holds for both secrets', async () => {
    const { id, token } = await suite.tenant.createKey({ access: { agent: 'read' } })
    const { token: next } = await rotate(id, 3600)
    const ask = async (either: string) => (await suite.server.fetch('/list-voices', either)).status
    expect([await ask(token), await ask(next)]).toEqual([200, 200])
    await suite.tenant.call('PATCH', `/v1/keys/${id}`, { access: {} })
    expect([await ask(token), await ask(next)]).toEqual([403, 403])
  })

  test('many rotations leave two secrets that work, each under the id of the key', async () => {
    const { id, token } = await suite.tenant.createKey()
    const tokens = [token]
    for (let count = 0; count < 8; count++) tokens.push((await rotate(id, 3600)).token)
    expect(new Set(tokens).size).toBe(9)
    for (const each of tokens) expect(each).toContain(id.slice('key_'.length))
    expect(await Promise.all(tokens.slice(-2).map(tell))).toEqual(['ok', 'ok'])
    const others = await Promise.all(tokens.slice(0, -2).map(tell))
    expect(others).toEqual([...Array<string>(6).fill('invalid_token'), 'secret_retired'])
  })

  test('obeys If-Match', async () => {
    const { id, token } = await suite.tenant.createKey()
    const answer = await suite.tenant.call(
      'POST',
      `/v1/keys/${id}/rotate`,
      { overlap_seconds: 0 },
      { headers: { 'if-match': '"7"' } },
    )
    expect([answer.status, answer.body.code]).toEqual([412, 'version_conflict'])
    expect(await tell(token)).toBe('ok')
  })

  describe('of a management key', () => {
    test('leaves its token with its own prefix, and both can manage during the overlap', async () => {
      const { id, token } = await suite.tenant.createKey({
        kind: 'management',
        name: 'Manager',
        access: 'full',
      })
      const { token: next } = await rotate(id, 60)
      expect(next).toMatch(/^btgm_live_/)
      const whoami = async (key: string) =>
        (await suite.tenant.call('GET', '/v1/whoami', undefined, { key })).body as object
      expect([await whoami(token), await whoami(next)]).toMatchObject([{ key: { id } }, { key: { id } }])
      clock.turn(60)
      expect(await whoami(token)).toMatchObject({ code: 'invalid_token', reason: 'secret_retired' })
    })
  })
})
