/** What an address shows: the part after the # names ids alone, never a secret. */
export type Route =
  | { readonly screen: 'overview' }
  | { readonly screen: 'endpoint'; readonly endpointId: string }
  | { readonly screen: 'delivery'; readonly endpointId: string; readonly eventId: string }

const ROUTE = /^#\/(whe_\w{1,40})(?:\/([\w-]{1,64}))?$/

/** Reads the part of the address after and with the #. What it does not know leads to the overview. */
export function parseRoute(hash: string): Route {
  const [, endpointId, eventId] = ROUTE.exec(hash) ?? []
  if (endpointId === undefined) return { screen: 'overview' }
  return eventId === undefined
    ? { screen: 'endpoint', endpointId }
    : { screen: 'delivery', endpointId, eventId }
}

/** The address of an endpoint. */
export function endpointAddress(id: string): string {
  return `#/${id}`
}

/** The address of the delivery of an event to an endpoint. */
export function deliveryAddress(id: string, eventId: string): string {
  return `#/${id}/${eventId}`
}
