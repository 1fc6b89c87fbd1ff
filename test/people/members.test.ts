import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { signedInMember, signedInOwner, type TestBrowser } from '../support/people.js'
import { startServer, type ApiAnswer, type TestServer } from '../support/server.js'

describe('the people of a workspace', () => {
  let server: TestServer
  let owner: TestBrowser
  let admin: TestBrowser
  let count = 0

  beforeAll(async () => {
    server = await startServer()
    owner = await signedInOwner(server)
    admin = await signedInMember(server, owner, 'admin', 'Ada Admin')
  })
  afterAll(() => server.close())

  const join = (role: 'owner' | 'admin' | 'developer' | 'auditor') =>
    signedInMember(server, owner, role, `Person ${String(count++)}`)
  const idOf = async (browser: TestBrowser): Promise<string> =>
    (await browser.call('GET', '/v1/auth/session')).body.user.id as string
  const setRole = (by: TestBrowser, id: string, role: string, headers = {}): Promise<ApiAnswer> =>
    by.call('PATCH', `/v1/members/${id}`, { role }, headers)
  const remove = (by: TestBrowser, id: string): Promise<ApiAnswer> => by.call('DELETE', `/v1/members/${id}`)
  const outcome = ({ status, body }: ApiAnswer): unknown[] => [status, body.code]

  it('only an owner makes, changes and removes owners; an admin and a full management key do not', async () => {
    const second = await join('owner')
    const [secondId, adminId] = [await idOf(second), await idOf(admin)]
    for (const answer of [
      await setRole(admin, secondId, 'admin'),
      await setRole(admin, secondId, 'owner'),
      await remove(admin, secondId),
      await setRole(admin, adminId, 'owner'),
      await admin.call('POST', '/v1/invitations', { email: 'new.owner@example.com', role: 'owner' }),
      await server.call('PATCH', `/v1/members/${secondId}`, { role: 'admin' }),
      await server.call('PATCH', `/v1/members/${adminId}`, { role: 'owner' }),
      await server.call('DELETE', `/v1/members/${secondId}`),
      await server.call('POST', '/v1/invitations', { email: 'new.owner@example.com', role: 'owner' }),
    ]) {
      expect(outcome(answer)).toEqual([403, 'insufficient_scope'])
    }
    expect((await setRole(owner, secondId, 'developer')).body).toMatchObject({
      role: 'developer',
      version: 2,
    })
    expect((await setRole(owner, secondId, 'owner')).body).toMatchObject({ role: 'owner', version: 3 })
    expect(outcome(await remove(owner, secondId))).toEqual([200, undefined])
  })

  it('the last owner stays, also where two go at the same moment', async () => {
    const ownerId = await idOf(owner)
    expect(outcome(await setRole(owner, ownerId, 'admin'))).toEqual([409, 'state_conflict'])
    expect(outcome(await remove(owner, ownerId))).toEqual([409, 'state_conflict'])
    for (let round = 0; round < 3; round++) {
      const second = await join('owner')
      const secondId = await idOf(second)
      const answers = await Promise.all([
        setRole(owner, secondId, 'admin'),
        setRole(second, ownerId, 'admin'),
      ])
      // Whoever comes second is no owner any more.
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 403])
      const { body } = await server.call('GET', '/v1/members')
      const owners = (body.data as { id: string; role: string }[]).filter(({ role }) => role === 'owner')
      expect(owners).toHaveLength(1)
      if (owners[0]?.id !== secondId) continue
      await setRole(second, ownerId, 'owner')
      await setRole(owner, secondId, 'admin')
    }
    const third = await join('owner')
    const thirdId = await idOf(third)
    const own = await Promise.all([setRole(owner, ownerId, 'admin'), setRole(third, thirdId, 'admin')])
    expect(own.map(({ status }) => status).sort()).toEqual([200, 409])
    if (own[0].status === 200) await setRole(third, ownerId, 'owner')
  })

  it('a removed member is out at once, in every browser, and their keys stay', async () => {
    const leaver = await join('developer')
    const id = await idOf(leaver)
    const body = { name: 'Of the leaver', environment: 'production', access: { history: 'read' } }
    const key = (await leaver.call('POST', '/v1/keys', body)).body.key
    expect((await remove(admin, id)).body).toMatchObject({ id, role: 'developer' })
    expect(outcome(await leaver.call('GET', '/v1/keys'))).toEqual([401, 'session_ended'])
    expect(outcome(await remove(admin, id))).toEqual([404, 'not_found'])
    const kept = await server.call('GET', `/v1/keys/${String(key.id)}`)
    expect(kept.body).toMatchObject({ state: 'active', created_by: id, access: { history: 'read' } })
    const { body: list } = await server.call('GET', '/v1/members')
    expect(list.data).not.toContainEqual(expect.objectContaining({ id }))
    const { body: log } = await server.call('GET', `/v1/audit?action=member.remove&resource=${id}`)
    expect(log.data).toMatchObject([
      { actor: { id: await idOf(admin) }, details: { role: 'developer', metadata: {} } },
    ])
  })

  it('a role is given by whoever has at least its access, and nobody raises their own', async () => {
    const [developer, auditor] = [await join('developer'), await join('auditor')]
    const [developerId, auditorId] = [await idOf(developer), await idOf(auditor)]
    for (const role of ['owner', 'admin', 'developer']) {
      expect(outcome(await setRole(developer, developerId, role))).toEqual([403, 'insufficient_scope'])
      expect(outcome(await setRole(auditor, auditorId, role))).toEqual([403, 'insufficient_scope'])
    }
    const manage = async (more: object): Promise<string> => {
      const access = { keys: 'edit', audit: 'read', workspace: 'read', webhooks: 'read', members: 'edit' }
      const manager = { name: 'M', kind: 'management', environment: 'production', access, ...more }
      return (await server.call('POST', '/v1/keys', manager)).body.token as string
    }
    const within = await manage({})
    const give = (key: string, role: string) =>
      server.call('PATCH', `/v1/members/${auditorId}`, { role }, { key })
    expect((await give(within, 'auditor')).status).toBe(200)
    expect(outcome(await give(within, 'developer'))).toEqual([403, 'grant_exceeds_own'])
    expect(outcome(await give(within, 'admin'))).toEqual([403, 'grant_exceeds_own'])
    // A role does not end and is not bound to an address or an environment: what is gives none.
    for (const more of [
      { expires_at: '2090-01-01T00:00:00Z' },
      { conditions: { allowed_addresses: ['127.0.0.0/8'] } },
      { environment: 'development' },
    ]) {
      expect(outcome(await give(await manage(more), 'auditor'))).toEqual([403, 'grant_exceeds_own'])
    }
  })

  it('whoever was just demoted grants nothing more', async () => {
    const falling = await join('admin')
    const id = await idOf(falling)
    const make = (access: unknown) =>
      falling.call('POST', '/v1/keys', { name: 'x', environment: 'production', access })
    expect((await make('full')).status).toBe(201)
    // Asked for together, so that some begin as an admin's: each is judged by the role that there is when it is done.
    const [demotion, ...keys] = await Promise.all([
      setRole(owner, id, 'auditor'),
      ...Array.from({ length: 8 }, () => make('full')),
    ])
    expect(demotion.status).toBe(200)
    for (const key of keys) expect([201, 403]).toContain(key.status)
    const { body } = await server.call('GET', `/v1/audit?actor=${id}&action=key.create&limit=100`)
    const [demoted] = (await server.call('GET', `/v1/audit?resource=${id}&action=member.update`)).body.data
    for (const entry of body.data) expect(entry.index).toBeLessThan(demoted.index as number)
    expect(outcome(await make({ history: 'read' }))).toEqual([403, 'insufficient_scope'])
  })

  it('changes of an older version are refused, and pages go on where they ended', async () => {
    const id = await idOf(await join('developer'))
    expect((await setRole(owner, id, 'auditor', { 'if-match': '"1"' })).headers.get('etag')).toBe('"2"')
    expect(outcome(await setRole(owner, id, 'developer', { 'if-match': '"1"' }))).toEqual([
      412,
      'version_conflict',
    ])
    const all = (await server.call('GET', '/v1/members?limit=100')).body.data as { id: string }[]
    const paged: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const query = cursor === '' ? '' : `&cursor=${cursor}`
      const { body } = await server.call('GET', `/v1/members?limit=2${query}`)
      paged.push(...(body.data as { id: string }[]).map((it) => it.id))
      cursor = body.next_cursor as string | null
    }
    expect(paged).toEqual(all.map((it) => it.id))
  })

  it('asks for a recent sign-in where a powerful role is concerned, or somebody goes', async () => {
    const [other, small] = [await idOf(await join('admin')), await idOf(await join('developer'))]
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * 60_000 })
    try {
      for (const answer of [
        await setRole(owner, small, 'admin'),
        await setRole(owner, small, 'owner'),
        await setRole(owner, other, 'developer'),
        await remove(owner, small),
        await owner.call('POST', '/v1/invitations', { email: 'strong@example.com', role: 'admin' }),
        await owner.call('POST', '/v1/invitations', { email: 'strong@example.com', role: 'owner' }),
      ]) {
        expect(outcome(answer)).toEqual([403, 'step_up_required'])
        expect(answer.body.max_age_seconds).toBe(600)
      }
      expect((await setRole(owner, small, 'auditor')).status).toBe(200)
      const weak = { email: 'weak@example.com', role: 'developer' }
      expect((await owner.call('POST', '/v1/invitations', weak)).status).toBe(201)
      // A key has no session to be left alone.
      expect((await server.call('PATCH', `/v1/members/${small}`, { role: 'admin' })).status).toBe(200)
    } finally {
      vi.useRealTimers()
    }
  })
})
