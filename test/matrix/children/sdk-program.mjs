// A program that uses retell-sdk as it comes from npm. It says nothing about where the API is or who it is: the client
// has no arguments, so the environment alone decides. The test says which methods to call and is told what came of it.
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import Retell from 'retell-sdk'

const environment = Object.keys(process.env)

// Every request that leaves this process, as the HTTP client that Node's fetch is made of reports it.
const currentCall = new AsyncLocalStorage()
let requestsOfProcess = 0
subscribe('undici:request:create', ({ request }) => {
  requestsOfProcess++
  currentCall.getStore()?.push({ origin: request.origin, method: request.method, target: request.path })
})

let retell = new Retell()
const { SDK_METHODS } = await import(process.argv[2])

const errorClasses = Object.entries(Retell).filter(([, value]) => value?.prototype instanceof Error)

/** The methods of every resource that hangs on the client, however deep. */
function methodsOf(owner, prefix) {
  return Object.entries(owner).flatMap(([name, resource]) => {
    if (name === '_client' || resource?._client !== retell) return []
    return [
      ...functionsOf(resource).map((method) => `${prefix}${name}.${method}`),
      ...methodsOf(resource, `${prefix}${name}.`),
    ]
  })
}

function functionsOf(resource) {
  const names = []
  for (
    let type = Object.getPrototypeOf(resource);
    type !== Object.prototype;
    type = Object.getPrototypeOf(type)
  ) {
    for (const name of Object.getOwnPropertyNames(type)) {
      if (name !== 'constructor' && typeof resource[name] === 'function') names.push(name)
    }
  }
  return names
}

async function call(method) {
  const requests = []
  return currentCall.run(requests, async () => {
    try {
      const path = method.split('.')
      const name = path.pop()
      const resource = path.reduce((owner, part) => owner[part], retell)
      const value = await resource[name](...SDK_METHODS[method])
      return { method, requests, value: value ?? null, error: null }
    } catch (error) {
      return { method, requests, value: null, error: describe(error) }
    }
  })
}

function describe(error) {
  return {
    instanceOf: errorClasses.filter(([, type]) => error instanceof type).map(([name]) => name),
    message: error.message,
    status: error.status ?? null,
    body: error.error ?? null,
    headers: error.headers === undefined ? {} : Object.fromEntries(error.headers),
  }
}

/** Calls the methods, a few at a time, and gives what came of each in the order asked. */
async function callAll(methods, concurrency) {
  const outcomes = new Array(methods.length)
  let next = 0
  const worker = async () => {
    while (next < methods.length) {
      const index = next++
      outcomes[index] = await call(methods[index])
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return outcomes
}

const greeting = () => ({
  environment,
  baseUrl: retell.baseURL,
  maxRetries: retell.maxRetries,
  methods: methodsOf(retell, ''),
})

process.on('message', ({ apiKey, methods, concurrency }) => {
  if (apiKey !== undefined) {
    process.env.RETELL_API_KEY = apiKey
    retell = new Retell()
    process.send(greeting())
    return
  }
  const before = requestsOfProcess
  callAll(methods, concurrency).then((outcomes) => {
    process.send({ outcomes, requests: requestsOfProcess - before })
  })
})

process.send(greeting())
