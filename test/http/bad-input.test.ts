import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { GOOD_PASSWORD } from '../support/people.js'
import { BAD_INPUTS, spoil } from './bad-input.js'
import { OPERATIONS, perform, readRoutes, type Prepared, type Route } from './operations.js'
import { wrongValues, type WrongValue } from './request-schema.js'
import { describeEachServer, send, type RawAnswer, type Tenant } from './support.js'

/** One request that must be refused. */
interface Refused {
  readonly what: string
  readonly request: Prepared
  readonly status: number
  readonly code: string | null
  readonly field: string | null
}

describeEachServer('bad input', (suite) => {
  let tenant: Tenant
  let document: object
  let routes: ReadonlyMap<string, Route>
  const routeOf = (operationId: string): Route => {
    const route = routes.get(operationId)
    if (route === undefined) throw new Error(`there is no ${operationId}`)
    return route
  }

  beforeAll(async () => {
    tenant = suite.tenant
    routes = await readRoutes(suite)
    document = (await tenant.call('GET', '/openapi.json')).body as object
  })

  test('every operation is tried', () => {
    expect(Object.keys(BAD_INPUTS).sort()).toEqual([...routes.keys()].sort())
  })

  /** Sends them all, checks each answer, and that nothing at all was written by any. */
  const refuseAll = async (operationId: string, refused: readonly Refused[]): Promise<void> => {
    const before = await suite.dump()
    for (const { what, request, status, code, field } of refused) {
      const answer = await perform(routeOf(operationId), tenant, request)
      const found = {
        what,
        status: answer.status,
        code: code === null ? null : (answer.body?.code as unknown),
      }
      expect(found, answer.text.slice(0, 500)).toEqual({ what, status, code })
      expectProblem(answer)
      if (field !== null) expect([what, fieldsOf(answer)]).toEqual([what, expect.arrayContaining([field])])
    }
    expect(await suite.dump()).toEqual(before)
  }

  describe.each(Object.entries(OPERATIONS))('%s', (operationId, operation) => {
    const bad = BAD_INPUTS[operationId] ?? []
    if (bad.length > 0) {
      test('names the field of each flaw, and writes nothing', async () => {
        const prepared = await operation.prepare(tenant)
        await refuseAll(
          operationId,
          bad.map((input) => ({
            what: input.what,
            request: spoil(prepared, input),
            status: input.status ?? 400,
            code: input.code ?? 'invalid_body',
            field: input.field,
          })),
        )
      })
    }

    test('names each member of the body that is of a wrong type, missing or unknown', async () => {
      const prepared = await operation.prepare(tenant)
      const schema = routeOf(operationId).description.requestBody?.content['application/json']?.schema
      if (schema === undefined) return
      const wrong = wrongValues(document, schema, prepared.body)
      expect(wrong.length).toBeGreaterThan(5)
      await refuseAll(
        operationId,
        wrong.map(({ what, body, field }: WrongValue) => ({
          what,
          // A text would be sent as it is.
          request: { ...prepared, body: typeof body === 'string' ? JSON.stringify(body) : body },
          status: 400,
          code: 'invalid_body',
          field,
        })),
      )
    })

    test('takes nothing but a well-formed JSON body of a bearable size', async () => {
      const prepared = await operation.prepare(tenant)
      if (prepared.body === undefined) return
      const json = JSON.stringify(prepared.body)
      const typed = (type: string): Prepared => ({
        ...prepared,
        headers: { ...prepared.headers, 'content-type': type },
      })
      const type = { status: 415, code: 'unsupported_media_type', field: 'Content-Type' }
      const syntax = { status: 400, code: 'invalid_request', field: 'body' }
      const size = { status: 413, code: 'body_too_large', field: null }
      await refuseAll(operationId, [
        ...[
          'text/plain',
          'application/x-www-form-urlencoded',
          'multipart/form-data; boundary=x',
          'application/xml',
        ].map((name) => ({ what: name, request: typed(name), ...type })),
        ...[
          'application/jsonx',
          'application/json-seq',
          'text/json',
          'json',
          'application/a1+json',
          '*/*',
        ].map((name) => ({
          what: name,
          request: typed(name),
          ...type,
        })),
        ...[
          '',
          ' ',
          '{',
          json.slice(0, -1),
          `${json}x`,
          json.replaceAll('"', "'"),
          `${json},`,
          '\u0000',
          '[{]',
          'NaN',
        ].map((body) => ({ what: JSON.stringify(body), request: { ...prepared, body }, ...syntax })),
        { what: 'unclosed depth', request: { ...prepared, body: '['.repeat(100_000) }, ...syntax },
        {
          what: 'depth',
          request: { ...prepared, body: `${'['.repeat(100_000)}${']'.repeat(100_000)}` },
          status: 400,
          code: 'invalid_body',
          field: 'body',
        },
        {
          what: 'deep objects',
          request: { ...prepared, body: `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}` },
          status: 400,
          code: 'invalid_body',
          field: 'a',
        },
        {
          what: 'a body over the limit',
          request: { ...prepared, body: json + ' '.repeat(256 * 1024) },
          ...size,
        },
      ])
    })

    test('never fails, whatever the body is, and writes nothing when it refuses', async () => {
      const prepared = await operation.prepare(tenant)
      if (prepared.body === undefined) return
      const members = Object.keys(prepared.body as object)
      const body = fc.oneof(
        fc.jsonValue(),
        // One member of a good body replaced by anything.
        fc
          .tuple(fc.constantFrom(...members, '__proto__', 'constructor', 'kind', 'note'), fc.jsonValue())
          .map(([name, value]) => ({ ...(prepared.body as object), [name]: value })),
        fc
          .tuple(fc.constantFrom(...members), fc.string({ unit: 'binary' }))
          .map(([name, value]) => ({ ...(prepared.body as object), [name]: value })),
      )
      let before = await suite.dump()
      await fc.assert(
        fc.asyncProperty(body, async (value) => {
          const answer = await perform(routeOf(operationId), tenant, { ...prepared, body: value })
          expect(answer.status).toBeLessThan(500)
          const after = await suite.dump()
          if (answer.status >= 400) {
            expectProblem(answer)
            expect(after).toEqual(before)
          }
          before = after
        }),
        { numRuns: 25 },
      )
    })
  })

  test('a body that comes in parts is held to the same limit', async () => {
    const before = await suite.dump()
    const part = new TextEncoder().encode(`{"name":"${' '.repeat(64 * 1024)}`)
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (let count = 0; count < 8; count++) controller.enqueue(part)
        controller.close()
      },
    })
    const answer = await fetch(`${suite.server.controlUrl}/v1/keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.managementKey}`, 'content-type': 'application/json' },
      body,
      duplex: 'half',
    })
    expect(answer.status).toBe(413)
    expect(answer.headers.get('connection')).toBe('close')
    expect(await answer.json()).toMatchObject({ code: 'body_too_large' })
    expect(await suite.dump()).toEqual(before)
  })

  test('never fails, whatever an id, a filter or a cursor is', async () => {
    const text = fc
      .string({ unit: 'binary', maxLength: 80 })
      .filter((value) => !/[\ud800-\udfff]/.test(value))
    await fc.assert(
      fc.asyncProperty(text, fc.nat(10), async (value, choice) => {
        const encoded = encodeURIComponent(value)
        const path = [
          `/v1/keys/${encoded}`,
          `/v1/audit/${encoded}`,
          `/v1/keys?name=${encoded}`,
          `/v1/keys?cursor=${Buffer.from(JSON.stringify([value, value])).toString('base64url')}`,
          `/v1/audit?actor=${encoded}&action=${encoded}&resource=${encoded}`,
          `/v1/keys?${encoded}=${encoded}`,
          `/v1/audit?text=${encoded}`,
          `/v1/audit?text=word+${encoded}&key=${encoded}&request_id=${encoded}`,
          `/v1/audit/tile/${encoded}/${encoded}`,
          `/v1/audit/tile/0/${encoded}/1`,
          `/v1/audit/export?format=csv&from=${encoded}`,
        ][choice]
        const answer = await tenant.call('GET', path ?? '')
        expect([path, answer.status < 500]).toEqual([path, true])
        if (answer.status >= 400) expectProblem(answer)
      }),
      { numRuns: 275 },
    )
  })

  test('never fails, whatever its headers are', async () => {
    // What a client can send at all: visible ASCII, spaces and the upper half of Latin-1.
    const code = fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0xa0, max: 0xff }))
    const value = fc.string({ unit: code.map((unit) => String.fromCharCode(unit)) })
    const names = [
      'if-match',
      'idempotency-key',
      'content-type',
      'authorization',
      'x-forwarded-for',
      'user-agent',
      'accept',
    ]
    const { id } = await tenant.createKey()
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), value, async (name, text) => {
        const headers = { [name]: text.trim() }
        for (const [method, path] of [
          ['POST', `/v1/keys/${id}/suspend`],
          ['POST', `/v1/keys/${id}/resume`],
          ['GET', '/v1/keys?limit=1'],
        ] as const) {
          const answer = await tenant.call(method, path, method === 'GET' ? undefined : {}, { headers })
          expect([name, text, answer.status < 500]).toEqual([name, text, true])
          if (answer.status >= 400) expectProblem(answer)
        }
      }),
      { numRuns: 80 },
    )
  })

  test('a text comes back as it was written, whatever its characters', async () => {
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
      .filter(
        (value) =>
          value.length <= 100 && !/[\p{Cc}\p{Cs}]/u.test(value) && value.trim() === value && value !== '',
      )
    await fc.assert(
      fc.asyncProperty(text, text, async (name, note) => {
        const { id } = await tenant.createKey({ name, note: `${note}\n\t${note}` })
        const { body } = await tenant.call('GET', `/v1/keys/${id}`)
        expect(body).toMatchObject({ name, note: `${note}\n\t${note}` })
        const list = await tenant.call('GET', `/v1/keys?limit=100&name=${encodeURIComponent(name)}`)
        expect((list.body.data as { id: string }[]).map((key) => key.id)).toContain(id)
        const reason = await tenant.call('POST', `/v1/keys/${id}/suspend`, { reason: note })
        expect(reason.body.suspended.reason).toBe(note)
      }),
      { numRuns: 40 },
    )
  })

  test('the setup code is looked at as carefully', async () => {
    const before = await suite.dump()
    const good = { code: 'x', email: 'owner@example.com', name: 'Olga', password: GOOD_PASSWORD }
    const setUp = (body: unknown, headers: Record<string, string> = {}) =>
      send(suite.server.controlUrl, 'POST', '/v1/setup', body, {
        key: null,
        headers: { 'sec-fetch-site': 'same-origin', ...headers },
      })
    for (const body of [
      {},
      { code: 'x' },
      { ...good, code: 1 },
      { ...good, code: 'x'.repeat(101) },
      { ...good, more: 1 },
      { ...good, email: 'owner' },
      { ...good, name: ' ' },
      { ...good, password: 'too short' },
      { ...good, password: good.email },
      [],
      null,
      'x',
    ]) {
      const answer = await setUp(body)
      expect([body, answer.status]).toEqual([body, 400])
      expectProblem(answer)
    }
    for (const code of ['', 'x', '\0', '\ud800', 'x'.repeat(100), "' or 1=1 --"]) {
      const answer = await setUp({ ...good, code })
      expect([code, answer.status, answer.body.code]).toEqual([code, 401, 'invalid_token'])
    }
    expect((await setUp('{"code":"x"}', { 'content-type': 'text/plain' })).status).toBe(415)
    expect(await suite.dump()).toEqual(before)
  })
})

/** Every refusal is a problem that says what it is, is not kept by caches and repeats no secret. */
function expectProblem({ status, headers, text, body }: RawAnswer): void {
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(body).toMatchObject({ status, type: `/docs/problems#${String(body.code)}` })
  expect(typeof body.title).toBe('string')
  expect(body.detail).toMatch(/\S/)
  expect(text).not.toMatch(/btgm?_(?:dev|staging|live)_[0-9A-Za-z]{65}/)
  expect(text).not.toMatch(/sqlite|postgres|kysely|node_modules|syntax error at/i)
}

function fieldsOf({ body }: RawAnswer): string[] {
  return ((body.errors ?? []) as { field: string }[]).map(({ field }) => field)
}
