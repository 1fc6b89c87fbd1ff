import { ProblemError, type WebhookScheme } from '@bitting/core'
import type { WebhookEndpointRow } from '../../storage/webhook-schema.js'
import { endpointHeadersContext } from '../../webhooks/signing-keys.js'
import type { ServiceContext } from '../context.js'

/** The highest limit of an endpoint's rate, in requests a second. */
export const RATE_MAX = 1000

/** What can be told of an endpoint when it is made, and changed later. */
export interface EndpointSettings {
  readonly url: string
  readonly description: string
  /** Types of events, beginnings of types as `key.*`, or `*`. */
  readonly events: readonly string[]
  readonly signatures: readonly WebhookScheme[]
  /** Sent with every request; names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Requests a second; null for no limit. */
  readonly rateLimit: number | null
  /** Requests at a time. */
  readonly concurrency: number
  /** Whether the events of one subject wait for one another. */
  readonly ordered: boolean
  readonly requireHandshake: boolean
}

/** Members that stay as they are where they are absent. */
export type EndpointChanges = { readonly [K in keyof EndpointSettings]?: EndpointSettings[K] | undefined }

type EndpointColumns = Pick<
  WebhookEndpointRow,
  | 'url'
  | 'description'
  | 'events'
  | 'schemes'
  | 'sealed_headers'
  | 'rate_limit'
  | 'concurrency'
  | 'ordered'
  | 'handshake_required'
>

/**
 * Settings as they are stored.
 *
 * @throws {ProblemError} invalid_body where the address cannot be an endpoint's
 */
export function endpointColumns(
  context: ServiceContext,
  workspaceId: string,
  id: string,
  settings: EndpointSettings,
): EndpointColumns
export function endpointColumns(
  context: ServiceContext,
  workspaceId: string,
  id: string,
  changes: EndpointChanges,
): Partial<EndpointColumns>
export function endpointColumns(
  context: ServiceContext,
  workspaceId: string,
  id: string,
  changes: EndpointChanges,
): Partial<EndpointColumns> {
  const { url, description, events, signatures, headers, ordered, requireHandshake } = changes
  return {
    ...(url !== undefined && { url: checkUrl(context, url) }),
    ...(description !== undefined && { description }),
    ...(events !== undefined && { events: JSON.stringify([...new Set(events)]) }),
    ...(signatures !== undefined && { schemes: JSON.stringify([...new Set(signatures)]) }),
    ...(headers !== undefined && { sealed_headers: sealHeaders(context, workspaceId, id, headers) }),
    ...(changes.rateLimit !== undefined && { rate_limit: changes.rateLimit }),
    ...(changes.concurrency !== undefined && { concurrency: changes.concurrency }),
    ...(ordered !== undefined && { ordered: ordered ? 1 : 0 }),
    ...(requireHandshake !== undefined && { handshake_required: requireHandshake ? 1 : 0 }),
  }
}

/** The names of an endpoint's own header fields. */
export function headerNames(context: ServiceContext, row: WebhookEndpointRow): string[] {
  if (row.sealed_headers === null) return []
  const text = context.sealer.open(row.sealed_headers, endpointHeadersContext(row.workspace_id, row.id))
  return Object.keys(JSON.parse(Buffer.from(text).toString()) as object)
}

/**
 * An endpoint in the API's words, for the audit log and for those who are told of it: header fields by name, and the
 * address without its query, which may hold a credential.
 */
export function settingsDetails(
  context: ServiceContext,
  row: WebhookEndpointRow,
): Readonly<Record<string, unknown>> {
  return {
    url: plainUrl(row.url),
    description: row.description,
    events: JSON.parse(row.events) as unknown,
    signatures: JSON.parse(row.schemes) as unknown,
    header_names: headerNames(context, row),
    rate_limit: row.rate_limit,
    concurrency: row.concurrency,
    ordered: row.ordered === 1,
    require_handshake: row.handshake_required === 1,
    enabled: row.disabled_at === null,
  }
}

function plainUrl(text: string): string {
  const { origin, pathname } = new URL(text)
  return origin + pathname
}

function checkUrl(context: ServiceContext, url: string): string {
  const refusal = context.receivers.refusal(url)
  if (refusal === null) return new URL(url).href
  throw new ProblemError('invalid_body', 'The address cannot be one of an endpoint.', {
    errors: [{ field: 'url', message: refusal }],
  })
}

function sealHeaders(
  context: ServiceContext,
  workspaceId: string,
  id: string,
  headers: Readonly<Record<string, string>>,
): Uint8Array | null {
  if (Object.keys(headers).length === 0) return null
  return context.sealer.seal(Buffer.from(JSON.stringify(headers)), endpointHeadersContext(workspaceId, id))
}
