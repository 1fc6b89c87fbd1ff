import { ApiError, ConnectionError } from '@bitting/client'
import { readClientSetting, urlOf, type Config } from '../../config.js'
import { accessText } from '../access-options.js'
import { CommandError } from '../command-error.js'
import { openClient, type CommandContext } from '../context.js'
import { describeError } from '../report.js'
import { checkerOf, type Check } from './check.js'
import { probe } from './upstream.js'

/** Whether a server runs here and answers as it should, and whether our management key opens it. */
export async function checkServers(context: CommandContext, config: Config): Promise<Check[]> {
  const management = await checkManagement(context, config)
  const running = management.status === 'ok'
  return [
    management,
    ...(running ? [await checkGateway(context, config), ...(await checkPublicUrl(context, config))] : []),
    ...(await checkManagementKey(context)),
  ]
}

async function checkManagement({ fetch }: CommandContext, { listen }: Config): Promise<Check> {
  const checker = checkerOf('management API')
  const url = urlOf(listen)
  const health = await probe(fetch, `${url}/healthz`)
  if (health instanceof ConnectionError) {
    return checker.warn(`nothing answers at ${url}: ${health.reason}`, 'start the server: bitting serve')
  }
  const ready = await probe(fetch, `${url}/readyz`)
  if (!health.ok || ready instanceof ConnectionError || ![200, 503].includes(ready.status)) {
    return checker.fail(
      `something other than bitting answers at ${url}`,
      'choose another address in BITTING_LISTEN',
    )
  }
  if (ready.status === 200) return checker.ok(`ready at ${url}`)
  return checker.fail(
    `${url} is not ready: its database or its feed of changes is behind`,
    'look into its log',
  )
}

/** Without a key the gateway refuses, and says as what: that it does is the sign that it works. */
async function checkGateway({ fetch }: CommandContext, { gatewayListen }: Config): Promise<Check> {
  const checker = checkerOf('gateway')
  const url = urlOf(gatewayListen)
  const answer = await probe(fetch, `${url}/health`)
  if (answer instanceof ConnectionError) {
    return checker.fail(`nothing answers at ${url}: ${answer.reason}`, 'look into the log of the server')
  }
  if (answer.status === 401 && answer.headers.has('www-authenticate'))
    return checker.ok(`refuses strangers at ${url}`)
  return checker.fail(
    `${url} answers ${String(answer.status)} without a key, and should answer 401`,
    'see what else listens there, or choose another address in BITTING_GATEWAY_LISTEN',
  )
}

async function checkPublicUrl({ fetch }: CommandContext, { listen, publicUrl }: Config): Promise<Check[]> {
  if (publicUrl === urlOf(listen)) return []
  const checker = checkerOf('public address')
  const answer = await probe(fetch, `${publicUrl}/healthz`)
  if (!(answer instanceof ConnectionError) && answer.ok) return [checker.ok(publicUrl)]
  const reason = answer instanceof ConnectionError ? answer.reason : `it answers ${String(answer.status)}`
  return [
    checker.warn(
      `${publicUrl} does not lead here: ${reason}`,
      'check BITTING_PUBLIC_URL, and the proxy before it',
    ),
  ]
}

async function checkManagementKey(context: CommandContext): Promise<Check[]> {
  const checker = checkerOf('management key')
  try {
    if (readClientSetting(context.variables, 'BITTING_MANAGEMENT_KEY') === '') return []
    const { key } = await (await openClient(context)).whoami()
    if (key === null) throw new TypeError('a management key is somebody’s session')
    return [checker.ok(`${key.name} (${key.id}), ${key.environment}: ${accessText(key.access)}`)]
  } catch (error) {
    // Nobody is asked where nobody answers: the check of the server has said so.
    if (error instanceof ConnectionError) return []
    if (!(error instanceof ApiError || error instanceof CommandError)) throw error
    const { message, hint } = describeError(error)
    return [checker.warn(message, hint ?? 'check BITTING_MANAGEMENT_KEY and BITTING_URL')]
  }
}
