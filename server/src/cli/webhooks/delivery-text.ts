import type { WebhookDeliveryState, WebhookDeliveryView } from '@bitting/client'
import type { Output, Toned } from '../output.js'
import { formatRelative } from '../times.js'

/** Where a delivery is, and how good that is. */
export function deliveryStateCell(state: WebhookDeliveryState): Toned {
  switch (state) {
    case 'delivered':
      return { text: state, tone: 'good' }
    case 'failed':
      return { text: state, tone: 'bad' }
    case 'pending':
      return { text: state, tone: 'warning' }
  }
}

/** When a delivery ended, or when it is tried next. */
export function deliveryTime(delivery: WebhookDeliveryView, now: number): string {
  const time = delivery.finished_at ?? delivery.next_attempt_at
  return time === null ? '–' : formatRelative(time, now)
}

/** Prints what is sent under a heading, with its own line ends and whole. */
export function printBody(output: Output, contentType: string, body: string): void {
  output.print('', { text: `Body (${contentType}):`, tone: 'faint' }, ...body.split(/\r?\n/))
}
