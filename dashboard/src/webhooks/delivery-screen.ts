import type { WebhookAttemptView, WebhookDeliveryDetail } from '@bitting/client'
import type { Context } from './context.js'
import { h } from './dom.js'
import { actAtOnce } from './endpoint-actions.js'
import { duration, prettyJson, time } from './format.js'
import { Live } from './live.js'
import { breadcrumb, button, deliveryPill, facts, pill, placeholder } from './parts.js'
import { endpointAddress } from './route.js'
import type { Screen } from './screen.js'

/** One delivery: what is sent, and every attempt with what the receiver said. */
export function deliveryScreen(context: Context, endpointId: string, eventId: string): Screen {
  const heading = h('h1', {}, 'Delivery')
  const resend = button(
    'Resend',
    (self) =>
      void actAtOnce(
        context,
        self,
        () => live.refresh(),
        async () => {
          await context.api.resendDelivery(endpointId, eventId)
          return 'The delivery is on its way again.'
        },
      ),
    { id: 'resend', kind: 'primary' },
  )
  resend.hidden = true
  const live: Live<WebhookDeliveryDetail> = new Live<WebhookDeliveryDetail>({
    signal: context.signal,
    load: () => context.api.delivery(endpointId, eventId),
    render: (delivery) => {
      heading.textContent = delivery.type
      resend.hidden = false
      return [head(delivery), h('div', { class: 'columns' }, attempts(delivery.log), body(delivery))]
    },
    isUnderWay: ({ state }) => state === 'pending',
    placeholder: placeholder('line', 'line', 'tall', 'tall'),
  })
  const element = h(
    'div',
    { class: 'screen' },
    breadcrumb(['Webhooks', '#'], ['Endpoint', endpointAddress(endpointId)]),
    h('div', { class: 'section-head' }, heading, resend),
    live.element,
  )
  return { title: 'Delivery', element }
}

function head(delivery: WebhookDeliveryDetail): HTMLElement {
  const { next_attempt_at: next, finished_at: finished } = delivery
  return h(
    'header',
    { class: 'head' },
    facts([
      ['State', deliveryPill(delivery.state)],
      delivery.subject === null ? null : ['Subject', h('code', {}, delivery.subject)],
      ['Event', h('code', {}, delivery.event_id)],
      ['Created', time(delivery.created_at)],
      next === null ? null : ['Next attempt', time(next)],
      finished === null ? null : ['Finished', time(finished)],
    ]),
  )
}

function body({ body: text, content_type: contentType }: WebhookDeliveryDetail): HTMLElement {
  const pretty = prettyJson(text)
  return h(
    'section',
    { class: 'panel', 'aria-labelledby': 'body-title' },
    h(
      'div',
      { class: 'panel-head' },
      h('h2', { id: 'body-title' }, 'Body'),
      h(
        'span',
        { class: 'quiet-text' },
        pretty === null ? contentType : `${contentType}, on lines of its own`,
      ),
    ),
    h('pre', { tabindex: '0', id: 'body', 'aria-labelledby': 'body-title' }, pretty ?? text),
  )
}

function attempts(log: readonly WebhookAttemptView[]): HTMLElement {
  return h(
    'section',
    { class: 'panel', 'aria-labelledby': 'attempts-title' },
    h('h2', { id: 'attempts-title' }, 'Attempts'),
    log.length === 0
      ? h('p', { class: 'quiet-text' }, 'None yet.')
      : h('ol', { class: 'attempts' }, ...log.map(attempt)),
  )
}

function attempt({
  number,
  at,
  duration_ms: took,
  status,
  error,
  response,
}: WebhookAttemptView): HTMLElement {
  const isGood = status !== null && status >= 200 && status <= 299
  const outcome = status === null ? 'No answer' : String(status)
  return h(
    'li',
    { class: 'attempt' },
    h(
      'div',
      { class: 'attempt-head' },
      h('span', { class: 'attempt-number' }, `#${String(number)}`),
      pill(isGood ? 'good' : 'bad', outcome),
      time(at),
      h('span', { class: 'quiet-text' }, duration(took)),
    ),
    error === null ? null : h('p', { class: 'row-problem' }, error),
    response === ''
      ? h('p', { class: 'quiet-text' }, status === null ? null : 'The answer was empty.')
      : h(
          'pre',
          { tabindex: '0', class: 'answer', 'aria-label': `Answer to attempt ${String(number)}` },
          response,
        ),
  )
}
