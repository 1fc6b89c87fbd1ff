import type { CreateWebhookEndpointRequest, WebhookEndpointView } from '@bitting/client'
import type { WebhookScheme } from '@bitting/core'

/** An endpoint while its form is filled in: what was typed, as it was typed. */
export interface EndpointDraft {
  readonly url: string
  readonly description: string
  /** One on each line. */
  readonly events: string
  readonly signatures: readonly WebhookScheme[]
  /** `Name: value` on each line; null where those that there are stay. */
  readonly headers: string | null
  /** Empty for no limit. */
  readonly rate_limit: string
  readonly concurrency: string
  readonly ordered: boolean
  readonly require_handshake: boolean
}

/** What is wrong with a form, by the names that the management API has for its fields. */
export type EndpointFlaws = Readonly<Partial<Record<keyof EndpointDraft, string>>>

/** What each field is called. */
export const FIELD_LABELS: Readonly<Record<keyof EndpointDraft, string>> = {
  url: 'URL',
  description: 'Description',
  events: 'Events',
  signatures: 'Signatures',
  headers: 'Own headers',
  rate_limit: 'Requests a second',
  concurrency: 'Requests at a time',
  ordered: 'In order',
  require_handshake: 'Require a handshake',
}

/** What a new endpoint begins with. */
export const NEW_ENDPOINT: EndpointDraft = {
  url: '',
  description: '',
  events: '*',
  signatures: ['standard', 'retell', 'body'],
  headers: '',
  rate_limit: '',
  concurrency: '8',
  ordered: false,
  require_handshake: false,
}

/** The form of an endpoint that there is. */
export function draftOf(endpoint: WebhookEndpointView): EndpointDraft {
  const { url, description, events, signatures, rate_limit: rate, concurrency } = endpoint
  const { ordered, require_handshake } = endpoint
  return {
    url,
    description,
    events: events.join('\n'),
    signatures,
    headers: endpoint.header_names.length === 0 ? '' : null,
    rate_limit: rate === null ? '' : String(rate),
    concurrency: String(concurrency),
    ordered,
    require_handshake,
  }
}

/** What is wrong with what was typed, as far as it can be seen here. */
export function draftFlaws(draft: EndpointDraft): EndpointFlaws {
  return {
    ...(draft.url.trim() === '' && { url: 'Enter the address, https://example.com/webhooks for example.' }),
    ...(linesOf(draft.events).length === 0 && { events: 'Name at least one, or * for all.' }),
    ...(draft.signatures.length === 0 && { signatures: 'Choose at least one.' }),
    ...(draft.concurrency === '' && { concurrency: 'Enter a number from 1 to 64.' }),
    ...(headerLines(draft).some((line) => !line.includes(':')) && {
      headers: 'Write each as Name: value, on a line of its own.',
    }),
  }
}

/** A form without flaws as the management API takes it. */
export function requestOf(draft: EndpointDraft): CreateWebhookEndpointRequest {
  const { headers, ordered, require_handshake, description } = draft
  return {
    url: draft.url.trim(),
    description,
    events: linesOf(draft.events),
    signatures: draft.signatures,
    ...(headers !== null && { headers: Object.fromEntries(headerLines(draft).map(headerOf)) }),
    rate_limit: draft.rate_limit === '' ? null : Number(draft.rate_limit),
    concurrency: Number(draft.concurrency),
    ordered,
    require_handshake,
  }
}

/** The names of the fields in which two forms differ. */
export function changedFields(before: EndpointDraft, after: EndpointDraft): (keyof EndpointDraft)[] {
  const names = Object.keys(FIELD_LABELS) as (keyof EndpointDraft)[]
  return names.filter((name) => String(before[name]) !== String(after[name]))
}

function linesOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((line) => line !== '')
}

function headerLines({ headers }: EndpointDraft): string[] {
  return (headers ?? '').split('\n').filter((line) => line.trim() !== '')
}

function headerOf(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
}
