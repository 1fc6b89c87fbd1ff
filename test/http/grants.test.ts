import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_CONDITIONS, Principal } from '@bitting/core'
import { readConfig } from '../../server/src/config.js'
import { serviceContext } from '../../server/src/installation.js'
import { LOCAL_ORIGIN, type KeyActor } from '../../server/src/audit/actor.js'
import { createKey } from '../../server/src/services/keys/create.js'
import { openSuiteInstallation, startVerifier } from '../invariants/verifier.js'
import { auditGrowth, describeEachServer, useStoppedClock, type RawAnswer, type Tenant } from './support.js'
import { type Strength, CALLER, reaches, manager, target } from './grants-model.js'

describeEachServer(
  'a management key grants at most what it has',
  (suite) => {
    const clock = useStoppedClock()
    const numRuns = 25

    const bodyOf = ({ kind, access, environment, ends, addresses }: Strength) => ({
      name: 'Made',
      kind,
      access,
      environment,
      conditions: { allowed_addresses: addresses },
      expires_at: ends === null ? null : clock.in(ends),
    })
    const made = async (strength: Strength) => suite.tenant.createKey(bodyOf(strength))
    const as = (token: string) => (method: string, path: string, body?: unknown) =>
      suite.tenant.call(method, path, body, { key: token, headers: CALLER })

    /** What a request must come to, and that a refused one leaves nothing but its audit entry. */
    const expectOutcome = async (
      run: () => Promise<RawAnswer>,
      isAllowed: boolean,
      what: unknown,
    ): Promise<void> => {
      const before = await suite.dump()
      const answer = await run()
      const outcome = answer.status < 300 ? 'allowed' : (answer.body.code as string)
      expect([what, outcome]).toEqual([what, isAllowed ? 'allowed' : 'grant_exceeds_own'])
      if (isAllowed) return
      expect(answer.status).toBe(403)
      expect(auditGrowth(before, await suite.dump())).toBe(1)
    }

    test('when it creates', async () => {
      await fc.assert(
        fc.asyncProperty(manager, target, async (own, wanted) => {
          const { token } = await made(own)
          const what = { own, wanted }
          await expectOutcome(() => as(token)('POST', '/v1/keys', bodyOf(wanted)), reaches(own, wanted), what)
        }),
        { numRuns },
      )
    })

    test('when it edits, rotates or resumes: the key as it is and as it becomes', async () => {
      await fc.assert(
        fc.asyncProperty(manager, target, target, async (own, before, other) => {
          const { token } = await made(own)
          const { id } = await made(before)
          const call = as(token)
          const isWithin = reaches(own, before)
          // A change of the name alone is a change of a key that one must reach.
          await expectOutcome(() => call('PATCH', `/v1/keys/${id}`, { name: 'Renamed' }), isWithin, {
            own,
            before,
          })

          const access = other.kind === before.kind ? other.access : ({} as const)
          const regraded = { ...before, access }
          const mayRegrade = isWithin && reaches(own, regraded)
          await expectOutcome(() => call('PATCH', `/v1/keys/${id}`, { access }), mayRegrade, {
            own,
            before,
            access,
          })

          const reconditioned = {
            ...(mayRegrade ? regraded : before),
            ends: other.ends,
            addresses: other.addresses,
          }
          const { conditions: changed, expires_at } = bodyOf(reconditioned)
          const mayRecondition = isWithin && reaches(own, reconditioned)
          await expectOutcome(
            () => call('PATCH', `/v1/keys/${id}`, { conditions: changed, expires_at }),
            mayRecondition,
            { own, before, reconditioned },
          )

          await expectOutcome(() => call('POST', `/v1/keys/${id}/rotate`, { overlap_seconds: 0 }), isWithin, {
            own,
            before,
          })
          await suite.tenant.call('POST', `/v1/keys/${id}/suspend`)
          await expectOutcome(() => call('POST', `/v1/keys/${id}/resume`), isWithin, { own, before })
        }),
        { numRuns },
      )
    })

    test('but takes power away from any key of its workspace', async () => {
      await fc.assert(
        fc.asyncProperty(
          manager,
          target,
          fc.constantFrom('suspend', 'revoke', 'delete'),
          async (own, other, change) => {
            const { token } = await made(own)
            const { id } = await made(other)
            const answer =
              change === 'delete'
                ? await as(token)('DELETE', `/v1/keys/${id}?confirm=Made`)
                : await as(token)('POST', `/v1/keys/${id}/${change}`)
            expect(answer.status).toBe(200)
          },
        ),
        { numRuns: 15 },
      )
    })

    describe('so that there is no way around it', () => {
      const weak = (): Promise<string> => suite.tenant.issueManagementKey({ keys: 'edit', history: 'read' })
      const refused = async (key: string, method: string, path: string, body?: unknown) => {
        const { status, body: problem } = await suite.tenant.call(method, path, body, { key })
        expect([method, path, status, problem.code]).toEqual([method, path, 403, 'grant_exceeds_own'])
        return problem as { detail: string; errors?: { field: string }[] }
      }

      test('a key cannot raise itself', async () => {
        const key = await weak()
        const { id } = (await suite.tenant.call('GET', '/v1/whoami', undefined, { key })).body.key as {
          id: string
        }
        for (const access of [
          'full',
          { keys: 'edit', history: 'edit' },
          { keys: 'edit', history: 'read', workspace: 'read' },
        ]) {
          await refused(key, 'PATCH', `/v1/keys/${id}`, { access })
        }
      })

      test('a key that ends cannot make itself last, nor shed its addresses', async () => {
        const { id, token } = await suite.tenant.createKey({
          kind: 'management',
          name: 'Bound',
          access: 'full',
          expires_at: clock.in(100),
          conditions: { allowed_addresses: ['127.0.0.0/8', '::1'] },
        })
        await refused(token, 'PATCH', `/v1/keys/${id}`, { expires_at: null })
        await refused(token, 'PATCH', `/v1/keys/${id}`, { expires_at: clock.in(101) })
        await refused(token, 'PATCH', `/v1/keys/${id}`, { conditions: { allowed_addresses: null } })
        await refused(token, 'PATCH', `/v1/keys/${id}`, {
          conditions: { allowed_addresses: ['127.0.0.0/8', '::/0'] },
        })
      })

      test('the answer names what exceeds', async () => {
        const problem = await refused(await weak(), 'POST', '/v1/keys', {
          name: 'Strong',
          environment: 'production',
          access: { history: 'read', agent: 'read', call: 'edit' },
        })
        expect(problem.errors?.map(({ field }) => field).sort()).toEqual(['access.agent', 'access.call'])
        expect(problem.detail).toContain('agent, call')
      })

      test('what a key was allowed is measured by what it is now', async () => {
        const { id, token } = await suite.tenant.createKey({
          kind: 'management',
          name: 'Shrinking',
          access: { keys: 'edit', history: 'edit' },
        })
        const body = { name: 'x', environment: 'production', access: { history: 'edit' } }
        expect((await suite.tenant.call('POST', '/v1/keys', body, { key: token })).status).toBe(201)
        await suite.tenant.call('PATCH', `/v1/keys/${id}`, { access: { keys: 'edit' } })
        await refused(token, 'POST', '/v1/keys', body)
      })

      test('a key that was suspended while its request was under way grants nothing', async () => {
        const { id, token } = await suite.tenant.createKey({
          kind: 'management',
          name: 'Late',
          access: 'full',
        })
        const config = readConfig({ BITTING_DATA_DIR: suite.server.dataDirectory })
        const installation = await openSuiteInstallation(suite)
        const { feed, gatekeeper } = await startVerifier(installation)
        try {
          // Let in before, and only then suspended: this verifier has not read of it.
          const principal = gatekeeper.identify(token, null, 'management')
          if (!(principal instanceof Principal)) throw new Error('the key is good')
          await suite.tenant.call('POST', `/v1/keys/${id}/suspend`)
          const context = serviceContext(installation, config, () => Promise.resolve())
          const actor: KeyActor = {
            type: 'key',
            id,
            workspaceId: suite.tenant.id,
            principal,
            origin: LOCAL_ORIGIN,
          }
          const input = {
            kind: 'api',
            name: 'x',
            environment: 'production',
            access: 'full',
            note: '',
          } as const
          await expect(
            createKey(context, actor, { ...input, conditions: NO_CONDITIONS }),
          ).rejects.toMatchObject({
            code: 'insufficient_scope',
          })
        } finally {
          await feed.close()
          await installation.database.close()
        }
      })

      test('a management key with permissions of the API can grant them and not use them', async () => {
        const key = await suite.tenant.issueManagementKey({ keys: 'edit', agent: 'edit' })
        const created = await suite.tenant.call(
          'POST',
          '/v1/keys',
          { name: 'x', environment: 'production', access: { agent: 'read' } },
          { key },
        )
        expect(created.status).toBe(201)
        expect((await suite.server.fetch('/list-voices', key)).status).toBe(401)
        expect((await suite.server.fetch('/list-voices', created.body.token as string)).status).toBe(200)
      })
    })
  },
  { BITTING_TRUSTED_PROXIES: '127.0.0.0/8' },
)

describeEachServer('the ceilings of the environments', (suite) => {
  const clock = useStoppedClock()
  const ceiling = (tenant: Tenant, ceilings: unknown) => tenant.call('PATCH', '/v1/workspace', { ceilings })

  test('hold for creating and for editing, also for a full key, and name what exceeds', async () => {
    const tenant = await suite.newTenant('Ceilings')
    expect((await ceiling(tenant, { staging: { history: 'read', call: 'edit' } })).status).toBe(200)
    const create = (environment: string, access: unknown) =>
      tenant.call('POST', '/v1/keys', { name: 'x', environment, access })
    for (const access of [
      'full',
      { history: 'edit' },
      { agent: 'read' },
      { history: 'read', agent: 'edit' },
    ]) {
      const before = await suite.dump()
      const answer = await create('staging', access)
      expect([answer.status, answer.body.code]).toEqual([403, 'ceiling_exceeded'])
      expect(answer.body.errors[0].field).toMatch(/^access\./)
      expect(auditGrowth(before, await suite.dump())).toBe(1)
      expect((await create('production', access)).status).toBe(201)
    }
    const { body } = await create('staging', { history: 'read', call: 'edit' })
    const edit = (access: unknown) => tenant.call('PATCH', `/v1/keys/${String(body.key.id)}`, { access })
    expect((await edit({ history: 'edit' })).body.code).toBe('ceiling_exceeded')
    expect((await edit('full')).body.code).toBe('ceiling_exceeded')
    expect((await edit({ history: 'read' })).status).toBe(200)
  })

  test('do not bind management keys, which grant within them', async () => {
    const tenant = await suite.newTenant('Managers')
    await ceiling(tenant, { production: {} })
    const key = await tenant.issueManagementKey('full')
    const answer = await tenant.call(
      'POST',
      '/v1/keys',
      { name: 'x', environment: 'production', access: { history: 'read' } },
      { key },
    )
    expect(answer.body.code).toBe('ceiling_exceeded')
  })

  test('are not lowered below keys that exist, which the answer names', async () => {
    const tenant = await suite.newTenant('Lowered')
    const usable = {
      active: await tenant.createKey({ access: { history: 'edit' } }),
      suspended: await tenant.createKey({ access: 'full' }),
      waiting: await tenant.createKey({ access: 'full', conditions: { not_before: '2090-01-01T00:00:00Z' } }),
    }
    await tenant.call('POST', `/v1/keys/${usable.suspended.id}/suspend`)
    const other = await tenant.createKey({ access: 'full', environment: 'staging' })
    const before = await suite.dump()
    const refused = await ceiling(tenant, { production: { history: 'read' } })
    expect([refused.status, refused.body.code]).toEqual([409, 'ceiling_conflict'])
    const expected = Object.values(usable).map(({ id }) => id)
    expect([...(refused.body.keys as string[])].sort()).toEqual(expected.sort())
    for (const id of expected) expect(refused.body.detail).toContain(id)
    expect(refused.body.detail).not.toContain(other.id)
    expect(await suite.dump()).toEqual(before)

    await tenant.call('PATCH', `/v1/keys/${usable.active.id}`, { access: { history: 'read' } })
    await tenant.call('POST', `/v1/keys/${usable.suspended.id}/revoke`)
    await tenant.call('DELETE', `/v1/keys/${usable.waiting.id}?confirm=A%20key`)
    expect((await ceiling(tenant, { production: { history: 'read' } })).status).toBe(200)
  })

  test('stay for the environments that an edit does not name', async () => {
    const tenant = await suite.newTenant('Partial')
    await ceiling(tenant, { staging: { history: 'read' } })
    const { body } = await ceiling(tenant, { development: { agent: 'none', call: 'edit' } })
    expect(body.ceilings).toEqual({
      production: 'full',
      staging: { history: 'read' },
      development: { call: 'edit' },
    })
  })

  test('cannot be slipped under by a key made at the same moment', async () => {
    for (let round = 0; round < 3; round++) {
      const tenant = await suite.newTenant(`Race ${String(round)}`)
      const [lowered, ...created] = await Promise.all([
        ceiling(tenant, { production: {} }),
        ...Array.from({ length: 3 }, () =>
          tenant.call('POST', '/v1/keys', { name: 'x', environment: 'production', access: 'full' }),
        ),
      ])
      const above = created.filter(({ status }) => status === 201).length
      const { body } = await tenant.call('GET', '/v1/workspace')
      expect(above > 0 ? body.ceilings.production : {}).toEqual(lowered.status === 200 ? {} : 'full')
      expect([lowered.status, above > 0]).toEqual([above > 0 ? 409 : 200, above > 0])
    }
  })

  test('an expired key above the ceiling cannot be brought back', async () => {
    const tenant = await suite.newTenant('Expired')
    const { id } = await tenant.createKey({ access: 'full', expires_at: clock.in(10) })
    clock.turn(10)
    expect((await ceiling(tenant, { production: {} })).status).toBe(200)
    const answer = await tenant.call('PATCH', `/v1/keys/${id}`, { expires_at: null })
    expect(answer.body.code).toBe('ceiling_exceeded')
  })
})
