import type { WebhookEndpointView, WebhookKeyView } from '@bitting/client'
import type { Context } from './context.js'
import { h } from './dom.js'
import { endpointList } from './endpoint-list.js'
import { keyCard } from './key-card.js'
import { Live } from './live.js'
import { placeholder } from './parts.js'
import type { Screen } from './screen.js'

/** What the overview shows. */
export interface Overview {
  readonly key: WebhookKeyView
  readonly endpoints: readonly WebhookEndpointView[]
}

/** The first screen: the key that signs, and the endpoints. */
export function overviewScreen(context: Context): Screen {
  const live: Live<Overview> = new Live<Overview>({
    signal: context.signal,
    load: async () => {
      const [key, { data }] = await Promise.all([context.api.webhookKey(), context.api.endpoints()])
      return { key, endpoints: data }
    },
    render: (overview) => [
      keyCard(context, overview, () => void live.refresh()),
      endpointList(context, overview.endpoints, () => void live.refresh()),
    ],
    isUnderWay: ({ endpoints }) => endpoints.some(({ deliveries }) => deliveries.pending > 0),
    placeholder: placeholder('tall', 'line', 'block', 'block'),
  })
  const element = h(
    'div',
    { class: 'screen' },
    h(
      'header',
      { class: 'head' },
      h('h1', {}, 'Webhooks'),
      h('p', { class: 'lead' }, 'One key signs every delivery. Each endpoint says which events it wants.'),
    ),
    live.element,
  )
  return { title: 'Webhooks', element }
}
