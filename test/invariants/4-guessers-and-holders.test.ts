import { describe, expect, test } from 'vitest'
import { useServer, useStoppedClock } from '../http/support.js'

describe('invariant 4: a guesser learns nothing, a holder learns why', () => {
  const suite = useServer()
  const clock = useStoppedClock()

  /** A whole answer but its date, as somebody who compares answers sees it. */
  const see = async (path: string, token: string | null, init: RequestInit = {}) => {
    const response = await suite.server.fetch(path, token, init)
    const headers = [...response.headers].filter(([name]) => name !== 'date')
    return { status: response.status, headers, text: await response.text() }
  }
  const guesses = async (): Promise<Record<string, string | null>> => {
    const { id, token } = await suite.tenant.createKey({ access: 'full' })
    const deleted = await suite.tenant.createKey({ access: 'full' })
    await suite.tenant.call('DELETE', `/v1/keys/${deleted.id}?confirm=A%20key`)
    const suspended = await suite.tenant.createKey({ access: 'full' })
    await suite.tenant.call('POST', `/v1/keys/${suspended.id}/suspend`)
    const wrongSecret = (own: string): string =>
      `${own.slice(0, 40)}${own[40] === 'a' ? 'b' : 'a'}${own.slice(41)}`
    return {
      'no token': null,
      malformed: 'garbage',
      'of another vendor': 'key_0123456789abcdef0123456789ab',
      'an unknown id': `btg_live_${'0'.repeat(16)}${token.slice(25)}`,
      'a wrong secret': wrongSecret(token),
      'a wrong secret of a suspended key': wrongSecret(suspended.token),
      'a wrong checksum': `${token.slice(0, -1)}${token.at(-1) === '0' ? '1' : '0'}`,
      'the id alone': id,
      'the hint of the list': token.slice(0, 25),
      'a deleted key': deleted.token,
      'a management key': suite.tenant.managementKey,
    }
  }

  test.each(['/list-voices', '/health', '/unmapped', '/v2/get-call/call_1'])(
    'at the gateway every guess at %s gets the same bytes',
    async (path) => {
      const seen = await Promise.all(
        Object.entries(await guesses()).map(async ([kind, token]) => [kind, await see(path, token)] as const),
      )
      for (const [kind, answer] of seen) expect([kind, answer]).toEqual([kind, seen[0]?.[1]])
      expect(seen[0]?.[1].status).toBe(401)
    },
  )

  test('a guess learns nothing from the place either: mapped, unmapped and forbidden paths answer alike', async () => {
    const paths = ['/list-voices', '/unmapped', '/v2/get-call/call_1', '/health']
    const seen = await Promise.all(paths.map((path) => see(path, 'garbage')))
    for (const answer of seen) expect(answer).toEqual(seen[0])
  })

  test('a holder is told each reason, at the gateway and by the management API', async () => {
    const make = async (more: object, change?: string) => {
      const key = await suite.tenant.createKey({ access: 'full', ...more })
      if (change !== undefined) await suite.tenant.call('POST', `/v1/keys/${key.id}/${change}`)
      return key.token
    }
    const retired = await suite.tenant.createKey({ access: 'full' })
    await suite.tenant.call('POST', `/v1/keys/${retired.id}/rotate`, { overlap_seconds: 0 })
    const expired = await make({ expires_at: clock.in(5) })
    clock.turn(5)
    const holders: Record<string, [number, string]> = {
      key_suspended: [401, await make({}, 'suspend')],
      key_revoked: [401, await make({}, 'revoke')],
      key_expired: [401, expired],
      key_not_yet_active: [401, await make({ conditions: { not_before: clock.in(60) } })],
      secret_retired: [401, retired.token],
      address_not_allowed: [403, await make({ conditions: { allowed_addresses: ['192.0.2.1'] } })],
    }
    for (const [code, [status, token]] of Object.entries(holders)) {
      const answer = await see('/list-voices', token)
      expect([code, answer.status, (JSON.parse(answer.text) as { code: string }).code]).toEqual([
        code,
        status,
        code,
      ])
      const manager = await make({ kind: 'management' })
      const verified = await suite.tenant.call(
        'POST',
        '/v1/verify',
        { token, method: 'GET', path: '/list-voices', ip: '127.0.0.1' },
        { key: manager },
      )
      expect(verified.body).toMatchObject({ allowed: false, status, code })
    }
  })

  test('a refusal for want of a permission names it, its level, what the key has, and where to change it', async () => {
    const { id, token } = await suite.tenant.createKey({ access: { agent: 'read' } })
    const response = await suite.server.fetch('/create-agent', token, { method: 'POST' })
    const body = (await response.json()) as Record<string, string>
    expect(response.status).toBe(403)
    expect(response.headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_scope", scope="agent:edit"',
    )
    expect(body).toMatchObject({
      status: 'error',
      code: 'insufficient_scope',
      required: 'agent:edit',
      granted: 'agent:read',
    })
    for (const part of ['Agent: Edit', 'it has Read', 'agent.create', 'API Keys > ', id]) {
      expect(body['message']).toContain(part)
    }
  })
})
