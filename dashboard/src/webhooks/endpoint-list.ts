import type { WebhookEndpointView } from '@bitting/client'
import type { Context } from './context.js'
import { h } from './dom.js'
import { askForNewEndpoint } from './endpoint-form.js'
import { count, time } from './format.js'
import { button, endpointPill, pill, verdictPill } from './parts.js'
import { endpointAddress } from './route.js'

/** Where webhooks go, each with what should be known of it at a glance. */
export function endpointList(
  context: Context,
  endpoints: readonly WebhookEndpointView[],
  refresh: () => void,
): HTMLElement {
  const add = button(
    'Add an endpoint',
    () => {
      askForNewEndpoint(context, refresh)
    },
    { id: 'add-endpoint', kind: 'primary' },
  )
  return h(
    'section',
    { class: 'endpoints', 'aria-labelledby': 'endpoints-title' },
    h(
      'div',
      { class: 'section-head' },
      h(
        'h2',
        { id: 'endpoints-title' },
        'Endpoints',
        endpoints.length === 0 ? null : h('span', { class: 'tally' }, ` ${String(endpoints.length)}`),
      ),
      add,
    ),
    endpoints.length === 0 ? empty() : h('ul', { class: 'rows' }, ...endpoints.map(row)),
  )
}

function empty(): HTMLElement {
  return h(
    'div',
    { class: 'panel empty' },
    h('span', { class: 'bow large', 'aria-hidden': 'true' }),
    h('p', { class: 'empty-title' }, 'No endpoints yet'),
    h(
      'p',
      { class: 'quiet-text' },
      'An endpoint is an address of yours that takes events as signed requests. Add one, then send it a test event.',
    ),
  )
}

function row(endpoint: WebhookEndpointView): HTMLElement {
  const { id, url, description, events, failing_since: failingSince, deliveries } = endpoint
  return h(
    'li',
    { class: 'row endpoint-row' },
    h(
      'div',
      { class: 'row-main' },
      h('a', { href: endpointAddress(id), class: 'url row-link', id: `endpoint-${id}` }, url),
      description === '' ? null : h('p', { class: 'quiet-text' }, description),
      h('ul', { class: 'chips', 'aria-label': 'Events' }, ...chips(events)),
      failingSince === null
        ? null
        : h('p', { class: 'row-problem' }, 'Every attempt has failed since ', time(failingSince)),
    ),
    h('div', { class: 'row-states' }, endpointPill(endpoint.state), verdictPill(endpoint.probe)),
    h(
      'div',
      { class: 'row-counts' },
      deliveries.pending > 0 ? pill('wait', `${deliveries.pending.toLocaleString('en')} pending`) : null,
      deliveries.failed > 0 ? pill('bad', `${deliveries.failed.toLocaleString('en')} failed`) : null,
      deliveries.pending + deliveries.failed === 0
        ? h('span', { class: 'quiet-text' }, 'Nothing waits')
        : null,
    ),
  )
}

const CHIPS_MAX = 6

function chips(events: readonly string[]): HTMLElement[] {
  const shown = events.slice(0, CHIPS_MAX).map((event) => h('li', {}, event === '*' ? 'all events' : event))
  const rest = events.length - shown.length
  return rest > 0 ? [...shown, h('li', {}, `and ${count(rest, 'other')}`)] : shown
}
