import type { KeyView, NodesView, WebhookKeyView } from '@bitting/client'
import { queryOptions } from '@tanstack/react-query'
import { queryClient } from '../../api/query-client.js'
import { get, path } from '../../api/transport.js'

/** One key, whatever its state. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- the type carries the key of its cache
export const keyQuery = (id: string) =>
  queryOptions({
    queryKey: ['keys', id],
    queryFn: ({ signal }) => get<KeyView>(path`/v1/keys/${id}`, {}, signal),
  })

/** The key that signs the webhooks of the workspace. */
export const webhookKeyQuery = queryOptions({
  queryKey: ['webhook-key'],
  queryFn: ({ signal }) => get<WebhookKeyView>('/v1/webhook-key', {}, signal),
})

/** The nodes that verify keys, and how far each is. */
export const nodesQuery = queryOptions({
  queryKey: ['nodes'],
  queryFn: ({ signal }) => get<NodesView>('/v1/nodes', {}, signal),
})

/** Shows a key as a change left it, and reads anew whatever else the change may show in. */
export function keyChanged(key: KeyView): void {
  queryClient.setQueryData(keyQuery(key.id).queryKey, key)
  for (const name of ['keys', 'attention', 'audit', 'webhook-key', 'nodes']) {
    void queryClient.invalidateQueries({ queryKey: [name] })
  }
}
