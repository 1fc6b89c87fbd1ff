import type { Page, WebhookDeliveryState, WebhookDeliveryView } from '@bitting/client'
import type { Context } from './context.js'
import { h } from './dom.js'
import { count, time } from './format.js'
import { Live } from './live.js'
import { button, deliveryPill, placeholder } from './parts.js'
import { deliveryAddress } from './route.js'

const FILTERS: readonly (readonly [WebhookDeliveryState | null, string])[] = [
  [null, 'All'],
  ['pending', 'Pending'],
  ['delivered', 'Delivered'],
  ['failed', 'Failed'],
]

/** What is shown, and what was asked for. */
interface Shown {
  readonly state: WebhookDeliveryState | null
  readonly cursor: string | null
  readonly page: Page<WebhookDeliveryView>
}

/** The deliveries of an endpoint, newest first, a page at a time; it looks again while something is pending. */
export class DeliveryList {
  readonly element: HTMLElement
  readonly #live: Live<Shown>
  readonly #endpointId: string
  #state: WebhookDeliveryState | null = null
  /** Where the pages before this one begin; the first begins at null. */
  #cursors: (string | null)[] = [null]

  /** @param onSettled called when something that was pending is not any more */
  constructor(context: Context, endpointId: string, onSettled: () => void) {
    this.#endpointId = endpointId
    let pending = 0
    this.#live = new Live<Shown>({
      signal: context.signal,
      load: async () => {
        const [state, cursor] = [this.#state, this.#cursors.at(-1) ?? null]
        return { state, cursor, page: await context.api.deliveries(endpointId, state, cursor) }
      },
      render: ({ page }) => {
        const now = page.data.filter(({ state }) => state === 'pending').length
        if (now < pending) onSettled()
        pending = now
        return [this.#list(page)]
      },
      isUnderWay: ({ page }) => page.data.some(({ state }) => state === 'pending'),
      placeholder: placeholder('block', 'block'),
    })
    this.element = h(
      'section',
      { class: 'deliveries', 'aria-labelledby': 'deliveries-title' },
      h('div', { class: 'section-head' }, h('h2', { id: 'deliveries-title' }, 'Deliveries'), this.#filter()),
      this.#live.element,
    )
  }

  /** Loads the page that is shown anew. */
  refresh(): Promise<void> {
    return this.#live.refresh()
  }

  #filter(): HTMLElement {
    const boxes = FILTERS.map(([state, text]) => {
      const id = `filter-${state ?? 'all'}`
      const box = h('input', {
        type: 'radio',
        name: 'delivery-state',
        id,
        checked: state === null,
        onchange: () => {
          this.#state = state
          this.#cursors = [null]
          void this.refresh()
        },
      })
      return h('span', { class: 'segment' }, box, h('label', { for: id }, text))
    })
    return h(
      'fieldset',
      { class: 'segments' },
      h('legend', { class: 'visually-hidden' }, 'Show deliveries'),
      ...boxes,
    )
  }

  #list({ data, next_cursor: next }: Page<WebhookDeliveryView>): HTMLElement {
    if (data.length === 0) return this.#empty()
    const newer = button(
      'Newer',
      () => {
        this.#cursors.pop()
        void this.refresh()
      },
      { id: 'newer' },
    )
    const older = button(
      'Older',
      () => {
        this.#cursors.push(next)
        void this.refresh()
      },
      { id: 'older' },
    )
    newer.disabled = this.#cursors.length === 1
    older.disabled = next === null
    const isPaged = !newer.disabled || !older.disabled
    return h(
      'div',
      {},
      h('ul', { class: 'rows' }, ...data.map((delivery) => this.#row(delivery))),
      isPaged
        ? h('nav', { class: 'actions pages', 'aria-label': 'Pages of deliveries' }, newer, older)
        : null,
    )
  }

  #empty(): HTMLElement {
    const text =
      this.#state === null
        ? 'Nothing was sent yet. A test event shows whether deliveries arrive.'
        : `No delivery is ${this.#state}.`
    return h('div', { class: 'panel empty' }, h('p', { class: 'quiet-text' }, text))
  }

  #row(delivery: WebhookDeliveryView): HTMLElement {
    const { event_id: eventId, type, subject, state, attempts, next_attempt_at: next } = delivery
    return h(
      'li',
      { class: 'row delivery-row' },
      h(
        'div',
        { class: 'row-main' },
        h(
          'a',
          { href: deliveryAddress(this.#endpointId, eventId), class: 'row-link', id: `delivery-${eventId}` },
          type,
        ),
        h('p', { class: 'quiet-text' }, subject === null ? null : `${subject} · `, h('code', {}, eventId)),
      ),
      h('div', { class: 'row-states' }, deliveryPill(state)),
      h(
        'div',
        { class: 'row-counts' },
        h('span', {}, time(delivery.created_at)),
        h(
          'span',
          { class: 'quiet-text' },
          count(attempts, 'attempt'),
          ...(next === null || attempts === 0 ? [] : [', next ', time(next)]),
        ),
      ),
    )
  }
}
