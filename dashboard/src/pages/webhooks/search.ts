import type { WebhookDeliveryState } from '@bitting/client'
import { choiceParameter, type RawSearch } from '../search.js'

/** Which deliveries are shown: the search parameters of `/webhooks/$endpointId`. */
export interface EndpointSearch {
  /** Absent for all of them. */
  readonly state?: WebhookDeliveryState | undefined
}

/** Reads the search parameters of `/webhooks/$endpointId`. What cannot be read is left out. */
export function endpointSearch(raw: RawSearch): EndpointSearch {
  return { state: choiceParameter(raw['state'], ['pending', 'delivered', 'failed']) }
}
