import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { afterEach, describe, expect, it } from 'vitest'
import { fetchWebhookAsync } from '../../client/src/index.js'
import {
  expressWebhook,
  fastifyWebhook,
  fetchWebhook,
  honoWebhook,
  nodeWebhook,
} from '../../client/src/webhooks/index.js'
import { newDelivery } from '../support/webhooks.js'
import {
  closeAfter,
  closeAll,
  FRAMEWORKS,
  listen,
  listener,
  PATH,
  portOf,
  post,
  receiver,
  urlOf,
} from './webhook-frameworks.js'

afterEach(closeAll)

describe('mounting', () => {
  it('answers 405 to other methods', async () => {
    for (const name of ['node:http', 'express', 'hono', 'fetch']) {
      const send = await FRAMEWORKS[name]!(receiver().options)
      const answer = await send({ method: 'GET' })
      expect([answer.status, answer.headers.get('allow')], name).toEqual([405, 'POST, OPTIONS'])
    }
  })

  it('throws where it is mounted when the keys or the options are none', async () => {
    const wrong = [{ keys: [''] }, { schemes: ['ed25519'] as const }, { toleranceSeconds: -1 }]
    for (const { options } of wrong.map(receiver)) {
      for (const make of [nodeWebhook, expressWebhook, fetchWebhook, honoWebhook, fetchWebhookAsync]) {
        expect(() => make(options)).toThrow(TypeError)
      }
      await expect(fastify().register(fastifyWebhook, options)).rejects.toThrow(TypeError)
    }
  })

  it('Express: passes on an error that says what to do when a parser has consumed the body', async () => {
    for (const parser of [express.json(), express.text({ type: '*/*' })]) {
      const { options, seen } = receiver()
      const errors: Error[] = []
      const app = express()
      app.use(parser)
      app.all(PATH, expressWebhook(options))
      app.use((error: Error, _: express.Request, response: express.Response, next: express.NextFunction) => {
        errors.push(error)
        response.status(500).end()
        expect(next).toBeTypeOf('function')
      })
      const { send } = await listen(app)
      expect((await send(post(newDelivery()))).status).toBe(500)
      expect(errors.map((error) => error.message)).toEqual([expect.stringContaining('before express.json()')])
      expect(seen).toEqual([])
    }
  })

  it('Express 4: takes an empty body object for one that nobody has parsed', async () => {
    const { options, seen } = receiver()
    const handler = expressWebhook(options)
    const { send } = await listen((request, response) => {
      void handler(Object.assign(request, { body: {} }), response)
    })
    expect((await send(post(newDelivery()))).status).toBe(204)
    expect(seen).toHaveLength(1)
  })

  it('Next.js API routes: says what to do when the parser was left on', async () => {
    const { options, seen, errors } = receiver()
    const handler = nodeWebhook(options)
    const { send } = await listen((request, response) => {
      void handler(Object.assign(request, { body: { event: 'parsed' } }), response)
    })
    expect((await send(post(newDelivery()))).status).toBe(500)
    expect(String(errors)).toContain('bodyParser: false')
    expect(seen).toEqual([])
  })

  it('Fetch and Hono: reject when the body was read before', async () => {
    const { options, seen } = receiver()
    const request = new Request('http://localhost/', post(newDelivery()))
    await request.text()
    await expect(fetchWebhook(options)(request)).rejects.toThrow('was read before')
    const errors: Error[] = []
    const app = new Hono()
    app.onError((error, context) => (errors.push(error), context.body(null, 500)))
    app.use(async (context, next) => (await context.req.json(), next()))
    app.all(PATH, honoWebhook(options))
    expect((await app.request(PATH, post(newDelivery()))).status).toBe(500)
    expect(String(errors)).toContain('was read before')
    expect(seen).toEqual([])
  })

  it('Fastify: leaves the parsing of the rest of the application alone, under a prefix too', async () => {
    const { options, seen } = receiver()
    const app = fastify()
    closeAfter(() => app.close())
    app.post('/other', (request) => ({ parsed: request.body }))
    await app.register(fastifyWebhook, { prefix: PATH, ...options })
    const other = await app.inject({ method: 'POST', url: '/other', payload: { a: 1 } })
    expect(other.json()).toEqual({ parsed: { a: 1 } })
    const { body, headers } = newDelivery()
    for (const type of ['application/json', 'application/cloudevents+json', 'text/plain']) {
      const answer = await app.inject({
        method: 'POST',
        url: PATH,
        payload: body,
        headers: { ...headers, 'content-type': type },
      })
      expect(answer.statusCode).toBe(204)
    }
    expect(seen).toHaveLength(1)
  })

  it('node:http: handles nothing when the sender goes away in the middle', async () => {
    const { options, seen, refused, errors } = receiver()
    const ended: unknown[] = []
    const handler = nodeWebhook(options)
    const { server } = await listen((request, response) => {
      void handler(request, response).then(() => ended.push(response.headersSent))
    })
    const { body, headers } = newDelivery()
    const socket = connect(portOf(server), '127.0.0.1')
    const lines = Object.entries({ ...headers, host: 'x', 'content-length': String(body.length) })
    socket.write(
      `POST ${PATH} HTTP/1.1\r\n${lines.map((it) => it.join(': ')).join('\r\n')}\r\n\r\n${body.slice(0, 5)}`,
    )
    setTimeout(() => socket.destroy(), 50)
    await expect.poll(() => ended).toEqual([false])
    expect([seen, refused, errors]).toEqual([[], [], []])
  })

  it('node:http: refuses a header that was sent twice', async () => {
    const { options, refused } = receiver()
    const { server } = await listen(listener(options))
    const { body, headers } = newDelivery()
    const retell = headers['x-retell-signature']!
    const status = await new Promise((resolve, reject) => {
      const given = { ...headers, 'x-retell-signature': [retell, retell] }
      const request = httpRequest(urlOf(server), { method: 'POST', headers: given }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode))
      })
      request.on('error', reject).end(body)
    })
    expect([status, refused]).toEqual([401, ['malformed']])
  })
})
