import type { WebhookEndpointView, WebhookKeyView } from '@bitting/client'
import type { Context } from './context.js'
import { h } from './dom.js'
import { whileBusy } from './form-dialog.js'
import { count, distance, time } from './format.js'
import { askForKey, askToTurnOff } from './key-dialogs.js'
import { messageOf } from './notice.js'
import type { Overview } from './overview.js'
import { button, facts } from './parts.js'
import { endpointAddress } from './route.js'

/** Which key signs, since when and by whom, what is unwise about it, and who has not moved to it yet. */
export function keyCard(context: Context, { key, endpoints }: Overview, refresh: () => void): HTMLElement {
  const isOn = key.name !== null
  return h(
    'section',
    { class: 'panel key-card', 'aria-labelledby': 'key-title' },
    h('h2', { id: 'key-title' }, 'Webhook key'),
    ...(isOn ? signing(key) : deliveryOff(key, endpoints)),
    actions(context, key, refresh),
    ...key.warnings.map((warning) => h('p', { class: 'callout warn' }, warning)),
    overlap(context, key, endpoints, refresh),
  )
}

function actions(context: Context, key: WebhookKeyView, refresh: () => void): HTMLElement {
  const isOn = key.name !== null
  const choose = button(
    isOn ? 'Choose another key' : 'Choose a key',
    (self) => void whileBusy(self, () => askForKey(context, key, refresh)),
    { id: 'choose-key', kind: isOn ? 'secondary' : 'primary' },
  )
  const turnOff = (): void => {
    askToTurnOff(context, key, refresh)
  }
  return h(
    'div',
    { class: 'actions' },
    choose,
    isOn ? button('Turn delivery off', turnOff, { id: 'turn-off', kind: 'danger-quiet' }) : null,
  )
}

function signing(key: WebhookKeyView): HTMLElement[] {
  return [
    h(
      'p',
      { class: 'key-name' },
      h('span', { class: 'key-text' }, key.name),
      h('span', { class: 'badge' }, 'Signs webhooks'),
    ),
    facts([
      ['Id', h('code', {}, key.key_id)],
      key.set_at === null ? null : ['Signs since', time(key.set_at)],
      key.set_by === null ? null : ['Set by', h('code', {}, key.set_by)],
    ]),
  ]
}

function deliveryOff(key: WebhookKeyView, endpoints: readonly WebhookEndpointView[]): HTMLElement[] {
  const waiting = endpoints.reduce((sum, { deliveries }) => sum + deliveries.pending, 0)
  const text =
    key.set_at === null
      ? 'No key signs yet, so nothing is delivered. Choose an API key: receivers verify with it.'
      : 'Delivery is off. What happens meanwhile waits, and is sent when a key signs again.'
  return [
    h('p', { class: 'callout' }, text, waiting > 0 ? ` ${count(waiting, 'delivery')} waiting.` : null),
    ...(key.set_at === null
      ? []
      : [
          facts([
            ['Off since', time(key.set_at)],
            key.set_by === null ? null : ['Turned off by', h('code', {}, key.set_by)],
          ]),
        ]),
  ]
}

function overlap(
  context: Context,
  key: WebhookKeyView,
  endpoints: readonly WebhookEndpointView[],
  refresh: () => void,
): HTMLElement | null {
  const behind = endpoints.filter((endpoint) => endpoint.uses_newest_key === false)
  const isBetweenKeys = key.overlap_until !== null
  if (!isBetweenKeys && behind.length === 0) return null
  const until = key.overlap_until
  return h(
    'div',
    { class: 'overlap' },
    h('h3', {}, 'Overlap'),
    until === null
      ? h('p', {}, 'The key was rotated: its secret before the newest signs too for a while.')
      : h(
          'p',
          {},
          'The key before, ',
          h('code', {}, key.previous_key_id),
          ', signs too until ',
          time(until),
          ` (${distance(until, Date.now())}).`,
        ),
    behind.length === 0
      ? h('p', { class: 'quiet-text' }, 'Every endpoint is known to verify with the newest key.')
      : h(
          'p',
          {},
          `${count(behind.length, 'endpoint')} not on the newest key yet. Switch one when its receiver verifies with the new key.`,
        ),
    h('ul', { class: 'plain-list' }, ...behind.map((endpoint) => behindRow(context, endpoint, refresh))),
  )
}

function behindRow(context: Context, { id, url }: WebhookEndpointView, refresh: () => void): HTMLElement {
  const change = button(
    'Switch',
    (self) =>
      void whileBusy(self, async () => {
        try {
          await context.api.switch(id)
          context.say(`${url} is on the newest key.`)
          refresh()
        } catch (error) {
          context.say(messageOf(error))
        }
      }),
    { id: `switch-${id}`, kind: 'secondary small' },
  )
  change.setAttribute('aria-label', `Switch ${url} to the newest key`)
  return h(
    'li',
    { class: 'behind' },
    h('a', { href: endpointAddress(id), class: 'url', id: `behind-${id}` }, url),
    change,
  )
}
