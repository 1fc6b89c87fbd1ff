import type {
  Page,
  WebhookDeliveryDetail,
  WebhookDeliveryState,
  WebhookDeliveryView,
  WebhookEndpointView,
} from '@bitting/client'
import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useInfiniteQuery,
  useQuery,
  type InfiniteData,
  type UseInfiniteQueryResult,
  type UseQueryResult,
} from '@tanstack/react-query'
import { queryClient } from '../../api/query-client.js'
import { get, path } from '../../api/transport.js'

const REFRESH_MILLISECONDS = 15_000
const UNDER_WAY_MILLISECONDS = 2_000

/** What is on its way is looked at more often. */
const refreshWhile = (underWay: boolean | undefined): number =>
  underWay === true ? UNDER_WAY_MILLISECONDS : REFRESH_MILLISECONDS

const isPending = ({ state }: WebhookDeliveryView): boolean => state === 'pending'

const endpointsQuery = queryOptions({
  queryKey: ['webhooks', 'endpoints'],
  // A page holds as many as a workspace can have.
  queryFn: ({ signal }) => get<Page<WebhookEndpointView>>('/v1/webhook-endpoints', { limit: 100 }, signal),
  select: ({ data }) => data,
  refetchInterval: ({ state }) => refreshWhile(state.data?.data.some((it) => it.deliveries.pending > 0)),
})

/** The endpoints of the workspace, newest first. */
export function useEndpoints(): UseQueryResult<WebhookEndpointView[]> {
  return useQuery(endpointsQuery)
}

/** One endpoint, whatever its state. */
export function useEndpoint(id: string): UseQueryResult<WebhookEndpointView> {
  return useQuery({
    queryKey: ['webhooks', id],
    queryFn: ({ signal }) => get<WebhookEndpointView>(path`/v1/webhook-endpoints/${id}`, {}, signal),
    refetchInterval: ({ state }) =>
      refreshWhile(state.data !== undefined && state.data.deliveries.pending > 0),
  })
}

/** The deliveries to an endpoint, newest first, page after page. */
export function useDeliveries(
  id: string,
  state: WebhookDeliveryState | undefined,
): UseInfiniteQueryResult<InfiniteData<Page<WebhookDeliveryView>>> {
  return useInfiniteQuery({
    ...infiniteQueryOptions({
      queryKey: ['webhooks', id, 'deliveries', state],
      initialPageParam: undefined as string | undefined,
      queryFn: ({ pageParam: cursor, signal }) =>
        get<Page<WebhookDeliveryView>>(
          path`/v1/webhook-endpoints/${id}/deliveries`,
          { state, cursor, limit: 25 },
          signal,
        ),
      getNextPageParam: ({ next_cursor: next }) => next ?? undefined,
      refetchInterval: ({ state: { data } }) =>
        refreshWhile(data?.pages.some((page) => page.data.some(isPending))),
    }),
    placeholderData: keepPreviousData,
  })
}

/** One delivery with its attempts. */
export function useDelivery(id: string, eventId: string): UseQueryResult<WebhookDeliveryDetail> {
  return useQuery({
    queryKey: ['webhooks', id, 'deliveries', 'one', eventId],
    queryFn: ({ signal }) =>
      get<WebhookDeliveryDetail>(path`/v1/webhook-endpoints/${id}/deliveries/${eventId}`, {}, signal),
    refetchInterval: ({ state: { data } }) => refreshWhile(data !== undefined && isPending(data)),
  })
}

/** Reads anew whatever a change to the webhooks may show in. */
export async function webhooksChanged(): Promise<void> {
  for (const name of ['attention', 'audit']) void queryClient.invalidateQueries({ queryKey: [name] })
  await Promise.all(
    ['webhooks', 'webhook-key'].map((name) => queryClient.invalidateQueries({ queryKey: [name] })),
  )
}
