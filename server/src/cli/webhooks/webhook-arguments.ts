import { WEBHOOK_SCHEMES, type WebhookScheme } from '@bitting/core'
import { parseEndpointUrl } from '../../webhooks/endpoint-url.js'
import { EVENT_TYPE, EVENT_TYPE_LENGTH_MAX } from '../../webhooks/event.js'
import { usageError } from '../command-error.js'
import { invalidArgument } from '../command.js'

const ENDPOINT_ID = /^whe_[0-9A-Za-z]{13}$/
const RELAY_ID = /^whr_[0-9A-Za-z]{22}$/
const EVENT_ID = /^evt_[0-9A-Za-z]{22}$/

/**
 * Reads the argument that names a webhook endpoint.
 *
 * @throws {CommandError} when it is something else; the hint says how to find the id
 */
export function endpointIdArgument(text: string): string {
  if (ENDPOINT_ID.test(text)) return text
  throw usageError(
    `"${text}" is not the id of a webhook endpoint`,
    'ids begin with whe_; find it with: bitting webhooks list',
  )
}

/**
 * Reads the argument that names a webhook relay.
 *
 * @throws {CommandError} when it is something else; the hint says how to find the id
 */
export function relayIdArgument(text: string): string {
  if (RELAY_ID.test(text)) return text
  throw usageError(
    `"${text}" is not the id of a webhook relay`,
    'ids begin with whr_; find it with: bitting webhooks relays list',
  )
}

/**
 * Reads what names an event.
 *
 * @throws {CommandError} when it is something else; the hint says how to find the id
 */
export function eventIdArgument(text: string): string {
  if (EVENT_ID.test(text)) return text
  throw usageError(
    `"${text}" is not the id of an event`,
    'ids begin with evt_; find it with: bitting events list',
  )
}

/**
 * Reads the address of an endpoint.
 *
 * @throws {CommandError} when it is none, without the address: a password may stand in it
 */
export function endpointUrlArgument(text: string): string {
  const parsed = parseEndpointUrl(text)
  if (parsed.ok) return text
  throw usageError('the address cannot be one of an endpoint', parsed.message)
}

/** Reads which events an endpoint wants: types, beginnings of types or `*`, separated by commas. */
export function eventFilterArgument(text: string): string[] {
  return partsOf(text).map((part) => {
    const type = part.endsWith('.*') ? part.slice(0, -2) : part
    if (part === '*' || isEventType(type)) return part
    throw invalidArgument(
      'Write types of events, beginnings of types or *, with commas between: key.*,call_ended.',
    )
  })
}

/** Reads how an endpoint is signed to: names of schemes, separated by commas. */
export function schemesArgument(text: string): WebhookScheme[] {
  return partsOf(text).map((part) => {
    const scheme = WEBHOOK_SCHEMES.find((candidate) => candidate === part)
    if (scheme !== undefined) return scheme
    throw invalidArgument(`Write ${WEBHOOK_SCHEMES.join(', ')}, or several with commas between.`)
  })
}

/** Reads a type of event. */
export function eventTypeArgument(text: string): string {
  if (isEventType(text)) return text
  throw invalidArgument('Write words with dots between, invoice.paid for example.')
}

/** Reads a number of requests, from 1 to a most. */
export function requestsArgument(most: number): (text: string) => number {
  return (text) => {
    if (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= most) return Number(text)
    throw invalidArgument(`Write a number from 1 to ${String(most)}.`)
  }
}

/** Reads a limit of requests a second, or that there is none. The parser of options would lose a null. */
export function rateArgument(text: string): number | 'none' {
  if (text === 'none') return 'none'
  if (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= RATE_MAX) return Number(text)
  throw invalidArgument(`Write requests a second, 1 to ${String(RATE_MAX)}, or none for no limit.`)
}

const RATE_MAX = 1000

function isEventType(text: string): boolean {
  return text.length <= EVENT_TYPE_LENGTH_MAX && EVENT_TYPE.test(text)
}

function partsOf(text: string): string[] {
  return text.split(',').map((part) => part.trim())
}
