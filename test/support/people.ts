import { openLocal } from '../../server/src/local.js'
import { readConfig } from '../../server/src/config.js'
import type { ApiAnswer, TestServer } from './server.js'

/** A browser of a test: it keeps cookies and says where its requests come from, as browsers do. */
export class TestBrowser {
  readonly #controlUrl: string
  readonly #cookies = new Map<string, string>()

  constructor(controlUrl: string) {
    this.#controlUrl = controlUrl
  }

  /** The value of a cookie, undefined where there is none. */
  cookie(name: string): string | undefined {
    return this.#cookies.get(name)
  }

  /** Puts a cookie in, as somebody would who has got hold of one. */
  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value)
  }

  /** Sends a request with the cookies; headers on top of a browser's own replace them, null leaves one out. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string | null>> = {},
  ): Promise<ApiAnswer> {
    const sent: Record<string, string | null> = {
      'sec-fetch-site': 'same-origin',
      ...(this.#cookies.size > 0 && {
        cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    }
    const response = await fetch(`${this.#controlUrl}${path}`, {
      method,
      redirect: 'manual',
      headers: Object.fromEntries(
        Object.entries(sent).filter((entry): entry is [string, string] => entry[1] !== null),
      ),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    const text = await response.text()
    const isJson = /[/+]json\b/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ')
    const at = pair.indexOf('=')
    const isOver = attributes.some((it) => /^max-age=0$/i.test(it))
    if (isOver) this.#cookies.delete(pair.slice(0, at))
    else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }
}

/** The policy of a workspace that sets none, as it is sent: whoever signs in adds what they want to be otherwise. */
export const OPEN_POLICY = {
  password: true,
  passkey: true,
  require_second_factor: false,
  session_hours: 12,
  idle_minutes: 120,
} as const

/** A password that no check refuses. */
export const GOOD_PASSWORD = 'seven brass keys on a ring'

/** The one-time code of a set-up link. */
export async function setupCode(server: TestServer, settings: Record<string, string> = {}): Promise<string> {
  const local = await openLocal(
    readConfig({ BITTING_DATA_DIR: server.dataDirectory, BITTING_LOG_LEVEL: 'silent', ...settings }),
  )
  try {
    return await local.createSetupCode()
  } finally {
    await local.close()
  }
}

/** A browser in which the owner of the server's first workspace is signed in. */
export async function signedInOwner(
  server: TestServer,
  email = 'owner@example.com',
  settings: Record<string, string> = {},
): Promise<TestBrowser> {
  const browser = new TestBrowser(server.controlUrl)
  const code = await setupCode(server, settings)
  const body = { code, email, name: 'Olga Owner', password: GOOD_PASSWORD }
  const { status, body: answer } = await browser.call('POST', '/v1/setup', body)
  if (status !== 201) throw new Error(`the owner was not made: ${JSON.stringify(answer)}`)
  return browser
}

/** A browser in which a new member of the owner's workspace is signed in. */
export async function signedInMember(
  server: TestServer,
  owner: TestBrowser,
  role: 'owner' | 'admin' | 'developer' | 'auditor',
  name = `${role} person`,
): Promise<TestBrowser> {
  const email = `${name.toLowerCase().replaceAll(' ', '.')}@example.com`
  const invited = await owner.call('POST', '/v1/invitations', { email, role })
  if (invited.status !== 201) throw new Error(`nobody was invited: ${JSON.stringify(invited.body)}`)
  const code = new URL(invited.body.url as string).hash.slice(1)
  const browser = new TestBrowser(server.controlUrl)
  const body = { code, name, password: GOOD_PASSWORD }
  const { status, body: answer } = await browser.call('POST', '/v1/auth/invitation', body)
  if (status !== 200) throw new Error(`the invitation was not accepted: ${JSON.stringify(answer)}`)
  return browser
}
