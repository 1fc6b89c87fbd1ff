import Retell from 'retell-sdk'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startSandbox } from '../../server/src/gateway/sandbox.js'
import { SANDBOX_HANDLERS, SandboxStore } from '../../server/src/gateway/sandbox-data.js'
import { shippedCatalog, startGateway, World } from './support.js'
import { RawUpstream } from './raw-http.js'
import { Cleanup, until } from './waiting.js'

const catalog = shippedCatalog('retell')
const cleanup = new Cleanup()
afterEach(() => cleanup.run())

async function sandboxOrigin(): Promise<string> {
  const sandbox = await startSandbox(catalog)
  cleanup.add(() => sandbox.close())
  return sandbox.origin
}

async function call(
  origin: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`${origin}${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  expect(response.headers.get('bitting-sandbox')).toBe('true; not the real API')
  const text = await response.text()
  return { status: response.status, json: text === '' ? null : (JSON.parse(text) as unknown) }
}

describe('the sandbox', () => {
  it('keeps agents, calls, chats and phone numbers as the real client expects them', async () => {
    const client = new Retell({ apiKey: 'x', baseURL: await sandboxOrigin(), maxRetries: 0 })
    const agent = await client.agent.create({
      voice_id: 'v',
      response_engine: { type: 'retell-llm', llm_id: 'l' },
    })
    expect(agent.agent_id).toMatch(/^agent_[0-9a-f]{28}$/)
    expect(await client.agent.retrieve(agent.agent_id)).toEqual(agent)
    expect((await client.agent.update(agent.agent_id, { agent_name: 'Jarvis' })).agent_name).toBe('Jarvis')
    expect((await client.agent.list()).items.map((item) => item.agent_id)).toEqual([agent.agent_id])
    await client.agent.delete(agent.agent_id)
    await expect(client.agent.retrieve(agent.agent_id)).rejects.toThrow(Retell.UnprocessableEntityError)

    const phoneCall = await client.call.createPhoneCall({
      from_number: '+14157774444',
      to_number: '+12137774445',
    })
    expect(phoneCall).toMatchObject({
      call_type: 'phone_call',
      direction: 'outbound',
      from_number: '+14157774444',
    })
    const webCall = await client.call.createWebCall({ agent_id: 'agent_x' })
    expect(await client.call.retrieve(webCall.call_id)).toMatchObject({
      call_type: 'web_call',
      agent_id: 'agent_x',
    })
    const page = await client.call.list({ limit: 1 })
    expect(page).toMatchObject({ has_more: true, items: [{ call_id: webCall.call_id }] })
    await client.call.stop(phoneCall.call_id)
    expect((await client.call.retrieve(phoneCall.call_id)).call_status).toBe('ended')
    await client.call.delete(phoneCall.call_id)
    expect((await client.call.list({})).items).toHaveLength(1)

    const chat = await client.chat.create({ agent_id: 'agent_x' })
    expect((await client.chat.retrieve(chat.chat_id)).chat_status).toBe('ongoing')
    expect((await client.chat.list({})).items).toHaveLength(1)

    const bought = await client.phoneNumber.create({ area_code: 415 })
    expect(bought.phone_number).toMatch(/^\+1415\d{7}$/)
    const imported = await client.phoneNumber.import({ phone_number: '+14157774444', termination_uri: 'x' })
    expect(imported.phone_number).toBe('+14157774444')
    expect(await client.phoneNumber.retrieve('+14157774444')).toEqual(imported)
    expect((await client.phoneNumber.update('+14157774444', { nickname: 'Front desk' })).nickname).toBe(
      'Front desk',
    )
    expect((await client.phoneNumber.list()).items).toHaveLength(2)
    await client.phoneNumber.delete('+14157774444')
    expect((await client.phoneNumber.list()).items).toHaveLength(1)
  })

  it('answers who one is and how much one may as the real API does', async () => {
    const client = new Retell({ apiKey: 'x', baseURL: await sandboxOrigin(), maxRetries: 0 })
    expect(await client.identity.retrieve()).toEqual({ api_key_name: 'Sandbox', org_name: 'Bitting sandbox' })
    expect(await client.concurrency.retrieve()).toMatchObject({
      current_concurrency: 0,
      concurrency_limit: 20,
    })
  })

  it('answers every mapped operation, and says that it is a sandbox', async () => {
    const origin = await sandboxOrigin()
    for (const { method, template, name } of catalog.operations) {
      const { status, json } = await call(origin, method, template.replaceAll(/\{[^}]+\}/g, 'x'))
      const key = `${method} ${template}`
      if (SANDBOX_HANDLERS.has(key)) expect([200, 201, 422], key).toContain(status)
      else
        expect({ status, json }, key).toMatchObject({ status: 200, json: { sandbox: true, operation: name } })
    }
  })

  it('handles only what the catalog maps', () => {
    const mapped = new Set(catalog.operations.map(({ method, template }) => `${method} ${template}`))
    expect([...SANDBOX_HANDLERS.keys()].filter((key) => !mapped.has(key))).toEqual([])
  })

  it('refuses unknown paths and bodies that are no JSON object in the shape of the real API', async () => {
    const origin = await sandboxOrigin()
    expect(await call(origin, 'GET', '/nothing')).toEqual({
      status: 404,
      json: { status: 'error', message: 'The requested resource was not found.' },
    })
    for (const body of ['x', '[]', '1', 'null', `{"a":"${'a'.repeat(70_000)}"}`]) {
      const response = await fetch(`${origin}/create-agent`, { method: 'POST', body })
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({ status: 'error' })
    }
  })

  it('forgets the oldest beyond a thousand, and lets nothing grow without end', () => {
    const store = new SandboxStore()
    const ids = Array.from({ length: 1100 }, (_, index) => `agent_${String(index)}`)
    for (const id of ids) expect(store.put('agent', id, { agent_id: id })).toBe(true)
    expect(store.size).toBe(1000)
    expect(store.get('agent', 'agent_99')).toBeNull()
    expect(store.get('agent', 'agent_100')).not.toBeNull()
    expect(store.put('agent', 'large', { text: 'a'.repeat(300_000) })).toBe(false)
  })
})

describe('the stock client at the gateway', () => {
  let world: World
  let upstream: RawUpstream
  let baseURL: string

  beforeEach(async () => {
    world = new World()
    upstream = await RawUpstream.start(cleanup)
    const { port } = await startGateway(cleanup, world, upstream.origin)
    baseURL = `http://127.0.0.1:${String(port)}`
  })

  /** A client that would retry, and how many requests it made. */
  function clientWith(apiKey: string): { client: Retell; attempts: () => number } {
    let attempts = 0
    const counting: typeof fetch = async (input, init) => {
      const response = await fetch(input, init)
      attempts++
      return response
    }
    return {
      client: new Retell({ apiKey, baseURL, maxRetries: 2, fetch: counting }),
      attempts: () => attempts,
    }
  }

  it('makes an allowed call through to the sandbox', async () => {
    const { port } = await startGateway(cleanup, world, await sandboxOrigin())
    const token = world.addKey({ access: { call: 'edit', history: 'read' } })
    const client = new Retell({ apiKey: token, baseURL: `http://127.0.0.1:${String(port)}`, maxRetries: 0 })
    const { call_id } = await client.call.createPhoneCall({
      from_number: '+14157774444',
      to_number: '+12137774445',
    })
    expect((await client.call.retrieve(call_id)).call_id).toBe(call_id)
  })

  it('is told by name what its key lacks, once', async () => {
    const { client, attempts } = clientWith(world.addKey({ access: { history: 'read' } }))
    const error = await client.call
      .createPhoneCall({ from_number: '+14157774444', to_number: '+12137774445' })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Retell.PermissionDeniedError)
    expect(String(error)).toMatch(/403 This API key lacks Call: Edit \(it has No Access\)/)
    expect((error as InstanceType<typeof Retell.APIError>).error).toMatchObject({
      required: 'call:edit',
      granted: 'call:none',
    })
    expect(attempts()).toBe(1)
    expect(upstream.requests).toEqual([])
  })

  it('is told that its key is not valid, once', async () => {
    const { client, attempts } = clientWith('key_000')
    const error = await client.agent.retrieve('agent_x').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Retell.AuthenticationError)
    expect(String(error)).toContain('401 API key is missing or invalid.')
    expect(attempts()).toBe(1)
  })

  it('tries again while the verifier is stale', async () => {
    const { client, attempts } = clientWith(world.addKey())
    world.lease.isCurrent = false
    const answer = client.agent.retrieve('agent_x')
    await until(() => attempts() === 1, 'the first attempt was refused')
    world.lease.isCurrent = true
    await answer
    expect(attempts()).toBe(2)
  })
})
