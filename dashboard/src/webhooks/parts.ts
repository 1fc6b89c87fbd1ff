import type { WebhookDeliveryState, WebhookEndpointState, WebhookProbeView } from '@bitting/client'
import { h, type Child } from './dom.js'

/** How something is to be seen: its colour, and beside it always its words. */
export type Tone = 'good' | 'wait' | 'warn' | 'bad' | 'plain'

/** A state in words, with a dot of its tone. */
export function pill(tone: Tone, text: string): HTMLElement {
  return h('span', { class: `pill ${tone}` }, text)
}

const ENDPOINT_STATES: Readonly<Record<WebhookEndpointState, readonly [Tone, string]>> = {
  active: ['good', 'Active'],
  disabled: ['plain', 'Disabled'],
  awaiting_handshake: ['wait', 'Awaiting handshake'],
  awaiting_webhook_key: ['wait', 'Awaiting webhook key'],
  deleted: ['plain', 'Deleted'],
}

/** The state of an endpoint. */
export function endpointPill(state: WebhookEndpointState): HTMLElement {
  return pill(...ENDPOINT_STATES[state])
}

const DELIVERY_STATES: Readonly<Record<WebhookDeliveryState, readonly [Tone, string]>> = {
  pending: ['wait', 'Pending'],
  delivered: ['good', 'Delivered'],
  failed: ['bad', 'Failed'],
}

/** The state of a delivery. */
export function deliveryPill(state: WebhookDeliveryState): HTMLElement {
  return pill(...DELIVERY_STATES[state])
}

const VERDICTS: Readonly<Record<string, readonly [Tone, string]>> = {
  verifies: ['good', 'Verifies'],
  accepts_unsigned: ['bad', 'Accepts unsigned'],
  accepts_forged: ['bad', 'Accepts forgeries'],
  accepts_tampered: ['bad', 'Accepts tampered'],
  accepts_old: ['bad', 'Accepts replays'],
  refuses_all: ['warn', 'Refuses all'],
  unreachable: ['warn', 'Unreachable'],
}

/** What the last probe found; a verdict that is newer than this page is shown by its name. */
export function verdictPill(probe: WebhookProbeView | null): HTMLElement {
  if (probe === null) return pill('plain', 'Not probed')
  return pill(...(VERDICTS[probe.verdict] ?? ['warn', probe.verdict]))
}

/** Whether a probe found that somebody can send the receiver what is not ours. */
export function isGrave(probe: WebhookProbeView): boolean {
  return VERDICTS[probe.verdict]?.[0] === 'bad'
}

/** Names and what they are, side by side. */
export function facts(rows: readonly (readonly [string, ...Child[]] | null)[]): HTMLElement {
  const shown = rows.filter((row) => row !== null)
  return h(
    'dl',
    { class: 'facts' },
    ...shown.map(([name, ...value]) => h('div', {}, h('dt', {}, name), h('dd', {}, ...value))),
  )
}

/** A button that does something at once or opens a dialog. */
export function button(
  text: string,
  onclick: (button: HTMLButtonElement) => void,
  { id, kind = 'secondary' }: { readonly id?: string; readonly kind?: string } = {},
): HTMLButtonElement {
  const element: HTMLButtonElement = h(
    'button',
    {
      type: 'button',
      class: kind,
      id,
      onclick: () => {
        onclick(element)
      },
    },
    text,
  )
  return element
}

/** Grey lines where something is to come, of about its height, so that nothing moves when it does. */
export function placeholder(...kinds: readonly ('line' | 'block' | 'tall')[]): HTMLElement {
  return h(
    'div',
    { class: 'placeholder' },
    h('p', { class: 'visually-hidden' }, 'Loading'),
    ...kinds.map((kind) => h('div', { class: `bone ${kind}`, 'aria-hidden': 'true' })),
  )
}

/** The way back. */
export function breadcrumb(...links: readonly (readonly [string, string])[]): HTMLElement {
  const items = links.map(([text, href]) => h('li', {}, h('a', { href }, text)))
  return h('nav', { class: 'breadcrumb', 'aria-label': 'Breadcrumb' }, h('ol', {}, ...items))
}
