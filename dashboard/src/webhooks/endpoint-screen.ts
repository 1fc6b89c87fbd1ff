import type { WebhookEndpointView } from '@bitting/client'
import type { Context } from './context.js'
import { DeliveryList } from './delivery-list.js'
import { h } from './dom.js'
import { actAtOnce, askToDelete, askToResend, askToRotate } from './endpoint-actions.js'
import { askForChanges } from './endpoint-form.js'
import { time } from './format.js'
import { Live } from './live.js'
import { breadcrumb, button, endpointPill, facts, placeholder } from './parts.js'
import { probeView } from './probe-view.js'
import type { Screen } from './screen.js'

/** One endpoint: what can be done with it, what a probe found, and its deliveries. */
export function endpointScreen(context: Context, id: string): Screen {
  const heading = h('h1', { class: 'url' }, 'Endpoint')
  const below = h('div')
  let deliveries: DeliveryList | null = null
  const live: Live<WebhookEndpointView> = new Live<WebhookEndpointView>({
    signal: context.signal,
    load: () => context.api.endpoint(id),
    render: (endpoint) => {
      heading.textContent = endpoint.url
      if (deliveries === null) {
        deliveries = new DeliveryList(context, id, () => void live.refresh())
        below.append(deliveries.element)
      }
      return [
        head(endpoint),
        ...(endpoint.state === 'deleted' ? [] : [actions(context, endpoint, refresh)]),
        details(endpoint),
      ]
    },
    isUnderWay: () => false,
    placeholder: placeholder('line', 'line', 'block', 'tall'),
  })
  const refresh = async (): Promise<void> => {
    await Promise.all([live.refresh(), deliveries?.refresh()])
  }
  const element = h('div', { class: 'screen' }, breadcrumb(['Webhooks', '#']), heading, live.element, below)
  return { title: 'Endpoint', element }
}

function head({
  description,
  state,
  failing_since: failingSince,
  disabled,
}: WebhookEndpointView): HTMLElement {
  return h(
    'header',
    { class: 'head' },
    h(
      'p',
      { class: 'head-line' },
      endpointPill(state),
      description === '' ? null : h('span', { class: 'quiet-text' }, description),
    ),
    disabled === null ? null : h('p', { class: 'callout warn' }, ...disabledText(disabled)),
    failingSince === null
      ? null
      : h('p', { class: 'callout bad' }, 'Every attempt has failed since ', time(failingSince), '.'),
  )
}

function disabledText({ at, by, reason }: NonNullable<WebhookEndpointView['disabled']>): (Node | string)[] {
  if (reason === 'gone') return ['Disabled at ', time(at), ', because the receiver answered 410 Gone.']
  if (reason === 'failing') return ['Disabled at ', time(at), ', because it failed for days.']
  return ['Disabled at ', time(at), ' by ', h('code', {}, by), '.']
}

function actions(context: Context, endpoint: WebhookEndpointView, refresh: () => Promise<void>): HTMLElement {
  const { id, version, state } = endpoint
  const isDisabled = state === 'disabled'
  const now = (text: string, key: string, kind: string, act: () => Promise<string>): HTMLElement =>
    button(text, (self) => void actAtOnce(context, self, refresh, act), { id: `action-${key}`, kind })
  const ask = (text: string, key: string, kind: string, open: (refresh: () => void) => void): HTMLElement =>
    button(
      text,
      () => {
        open(() => void refresh())
      },
      { id: `action-${key}`, kind },
    )
  return h(
    'div',
    { class: 'actions toolbar', role: 'group', 'aria-label': 'Actions on the endpoint' },
    now('Send a test event', 'test', 'primary', async () => {
      const sent = await context.api.test(id)
      return `The test event ${sent.id} is on its way.`
    }),
    now('Probe', 'probe', 'secondary', async () => {
      const { probe } = await context.api.probe(id)
      return probe?.verdict === 'verifies'
        ? 'The receiver verifies.'
        : 'The probe is done: see what it found.'
    }),
    now('Handshake', 'handshake', 'secondary', async () => {
      const { ok, reason } = await context.api.handshake(id)
      return ok
        ? 'The receiver wants our requests.'
        : `The handshake failed: ${reason ?? 'no reason was given'}`
    }),
    ask('Resend…', 'resend', 'secondary', (done) => {
      askToResend(context, endpoint, done)
    }),
    ask('Rotate the secret…', 'rotate', 'secondary', (done) => {
      askToRotate(context, endpoint, done)
    }),
    ask('Edit…', 'edit', 'secondary', (done) => {
      askForChanges(context, endpoint, done)
    }),
    now(isDisabled ? 'Enable' : 'Disable', 'able', 'secondary', async () => {
      await context.api.updateEndpoint(id, { enabled: isDisabled }, version)
      return isDisabled ? 'The endpoint is enabled.' : 'The endpoint is disabled.'
    }),
    ask('Delete…', 'delete', 'danger-quiet', () => {
      askToDelete(context, endpoint)
    }),
  )
}

function details(endpoint: WebhookEndpointView): HTMLElement {
  const { secret_retires_at: retires, handshake_at: handshake } = endpoint
  return h(
    'div',
    { class: 'columns' },
    h(
      'section',
      { class: 'panel', 'aria-labelledby': 'settings-title' },
      h('h2', { id: 'settings-title' }, 'Settings'),
      facts([
        ['Events', h('ul', { class: 'chips' }, ...endpoint.events.map((event) => h('li', {}, event)))],
        ['Signatures', endpoint.signatures.join(', ')],
        ['Rate', endpoint.rate_limit === null ? 'No limit' : `${String(endpoint.rate_limit)} a second`],
        ['At a time', String(endpoint.concurrency)],
        ['In order', endpoint.ordered ? 'Yes' : 'No'],
        [
          'Handshake',
          handshake === null ? (endpoint.require_handshake ? 'Required' : 'Not needed') : time(handshake),
        ],
        endpoint.header_names.length === 0 ? null : ['Own headers', endpoint.header_names.join(', ')],
        retires === null ? null : ['Old secret until', time(retires)],
        ['Public key', h('code', {}, endpoint.public_key)],
        ['Id', h('code', {}, endpoint.id)],
        ['Created', time(endpoint.created_at)],
      ]),
    ),
    h(
      'section',
      { class: 'panel', 'aria-labelledby': 'probe-title' },
      h('h2', { id: 'probe-title' }, 'Last probe'),
      probeView(endpoint.probe),
    ),
  )
}
