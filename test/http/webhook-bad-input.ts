import {
  type BadInput,
  LONG_ID,
  NAMES,
  OLD_VERSION,
  PAGES,
  PRECONDITIONS,
  REPETITIONS,
  REQUEST,
} from './bad-values.js'

const TOKEN_LIKE = `btg_live_${'a'.repeat(65)}`

const NOT_FOUND = { field: null, status: 404, code: 'not_found' } as const

const URLS: readonly BadInput[] = [
  '',
  'x',
  'ftp://example.com/x',
  'example.com/x',
  '//example.com/x',
  'https://',
  'https://user:password@example.com/',
  'https://example.com/#part',
  'https://example.com/a b',
  'https://example.com/\n',
  'https:\\\\example.com',
  `https://example.com/${'x'.repeat(2048)}`,
  'http://example.com:25/\0',
  'https://10.0.0.1/',
  'https://169.254.169.254/latest/meta-data',
  'https://[::1]/',
  'https://[::ffff:10.0.0.1]/',
  'https://0xa000001/',
  'http://93.184.216.34/',
  'https://93.184.216.34:25/',
].map((url) => ({ what: `the address ${url.slice(0, 60)}`, body: { url }, field: 'url' }))

const FILTERS: readonly BadInput[] = [
  { what: 'no filter at all', body: { events: [] }, field: 'events' },
  { what: '51 filters', body: { events: Array(51).fill('a') }, field: 'events' },
  ...['', 'key.', '.key', 'key..x', 'k*', '*.key', 'key.*.x', '**', 'key *', 'clé', '1', 'x'.repeat(129)].map(
    (filter) => ({
      what: `the filter ${filter.slice(0, 20)}`,
      body: { events: ['*', filter] },
      field: 'events.1',
    }),
  ),
  { what: 'a token as a filter', body: { events: [TOKEN_LIKE] }, field: 'events.0' },
]

const HEADERS: readonly BadInput[] = [
  ...[
    'Host',
    'content-length',
    'Content-Type',
    'transfer-encoding',
    'connection',
    'TE',
    'upgrade',
    'expect',
    'user-agent',
    'keep-alive',
    'proxy-authorization',
    'Proxy-Connection',
    'trailer',
    'webhook-id',
    'Webhook-Signature',
    'x-retell-signature',
    'X-Bitting-Signature',
    '',
    'a b',
    'a:b',
    'a\r\nb',
    'clé',
    'x'.repeat(101),
  ].map((name) => ({
    what: `the header ${JSON.stringify(name).slice(0, 40)}`,
    body: { headers: { [name]: 'x' } },
    field: `headers.${name}`,
  })),
  ...['', ' ', ' x', 'x ', 'a\r\nb: c', 'a\tb', 'clé', 'x\0', 'x'.repeat(1025)].map((value) => ({
    what: `the header value ${JSON.stringify(value).slice(0, 20)}`,
    body: { headers: { 'x-a': value } },
    field: 'headers.x-a',
  })),
  {
    what: '21 headers',
    body: { headers: Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`x-${String(at)}`, 'x'])) },
    field: 'headers',
  },
  { what: 'one header twice', body: { headers: { 'X-A': '1', 'x-a': '2' } }, field: 'headers' },
  { what: '__proto__ as a header', body: { headers: JSON.parse('{"__proto__":"x"}') }, field: 'headers' },
]

const SETTINGS: readonly BadInput[] = [
  ...URLS,
  ...FILTERS,
  ...HEADERS,
  { what: 'a description with NUL', body: { description: 'a\0b' }, field: 'description' },
  { what: 'a description with a token', body: { description: TOKEN_LIKE }, field: 'description' },
  { what: 'a huge description', body: { description: 'x'.repeat(1001) }, field: 'description' },
  { what: 'no signature', body: { signatures: [] }, field: 'signatures' },
  { what: 'an unknown signature', body: { signatures: ['standard', 'none'] }, field: 'signatures.1' },
  ...[0, -1, 0.5, 1001, 1e300].map((rate) => ({
    what: `a rate of ${String(rate)}`,
    body: { rate_limit: rate },
    field: 'rate_limit',
  })),
  ...[0, -1, 0.5, 65, 1e300].map((count) => ({
    what: `${String(count)} at a time`,
    body: { concurrency: count },
    field: 'concurrency',
  })),
]

const OVERLAPS: readonly BadInput[] = [-1, 0.5, 2_592_001, 1e300, '60', null].map((overlap) => ({
  what: `an overlap of ${JSON.stringify(overlap)}`,
  body: { overlap_seconds: overlap },
  field: 'overlap_seconds',
}))

const DELETED: readonly BadInput[] = ['', '1', 'yes', 'TRUE'].map((deleted) => ({
  what: `deleted=${deleted}`,
  query: `?deleted=${deleted}`,
  field: 'deleted',
  ...REQUEST,
}))

/** Ids in the path of a delivery that lead to none. */
const NO_DELIVERY: readonly BadInput[] = [
  { what: 'no such endpoint', params: { id: 'whe_0000000000000', event: 'evt_x' }, ...NOT_FOUND },
  { what: 'a huge event id', params: { id: 'x', event: 'x'.repeat(65) }, field: 'event', ...REQUEST },
  { what: 'a huge endpoint id', params: { id: 'x'.repeat(65), event: 'x' }, field: 'id', ...REQUEST },
]

const TYPES: readonly BadInput[] = [
  ...['', '.', 'a.', '.a', 'a..b', 'a b', 'a/b', '1a', 'clé', 'a\0', 'x'.repeat(129), TOKEN_LIKE],
  ...['key.created', 'Key.created', 'webhook_key.moved', 'webhook_endpoint', 'audit.checkpoint', 'bitting.x'],
].map((type) => ({ what: `the type ${type.slice(0, 30)}`, body: { type }, field: 'type' }))

/** `{"a":{"a":…}}`, so many objects in one another. */
function nested(depth: number): unknown {
  return JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`) as unknown
}

/** The flaws of the operations on webhooks and events that are not a matter of types alone. */
export const WEBHOOK_BAD_INPUTS: Readonly<Record<string, readonly BadInput[]>> = {
  getWebhookKey: [],
  setWebhookKey: [
    ...PRECONDITIONS,
    OLD_VERSION,
    ...OVERLAPS,
    { what: 'a key that is not there', body: { key_id: 'key_0000000000000' }, ...NOT_FOUND },
    { what: 'NUL as a key', body: { key_id: '\0' }, field: 'key_id' },
    { what: 'half a character as a key', body: { key_id: '\ud800' }, field: 'key_id' },
    { what: 'a huge key', body: { key_id: 'x'.repeat(65) }, field: 'key_id' },
  ],
  unsetWebhookKey: [...PRECONDITIONS, OLD_VERSION],
  listWebhookEndpoints: [...PAGES, ...DELETED],
  getWebhookEndpoint: [LONG_ID],
  createWebhookEndpoint: [...SETTINGS, ...REPETITIONS],
  updateWebhookEndpoint: [
    ...SETTINGS,
    ...PRECONDITIONS,
    OLD_VERSION,
    LONG_ID,
    { what: 'nothing', body: { description: undefined }, field: 'body' },
    { what: 'a change of the id', body: { id: 'whe_0000000000000' }, field: 'id' },
    { what: 'a change of the state', body: { state: 'active' }, field: 'state' },
  ],
  deleteWebhookEndpoint: [...PRECONDITIONS, OLD_VERSION, LONG_ID],
  rotateWebhookSecret: [...OVERLAPS, ...PRECONDITIONS, ...REPETITIONS, OLD_VERSION, LONG_ID],
  switchWebhookKey: [...PRECONDITIONS, OLD_VERSION, LONG_ID],
  performWebhookHandshake: [LONG_ID],
  sendTestEvent: [...REPETITIONS, LONG_ID],
  probeWebhookEndpoint: [LONG_ID],
  resendWebhookDeliveries: [
    LONG_ID,
    { what: 'nothing', body: { failed: undefined }, field: 'failed' },
    { what: 'both', body: { since: '2027-01-31T00:00:00Z' }, field: 'since' },
    { what: 'what did not fail', body: { failed: false }, field: 'failed' },
    ...['yesterday', '2027-01-31', '2027-02-30T00:00:00Z', '0', ''].map((since) => ({
      what: `since ${since}`,
      body: { failed: undefined, since },
      field: 'since',
    })),
  ],
  listWebhookDeliveries: [
    ...PAGES,
    LONG_ID,
    { what: 'an unknown state', query: '?state=lost', field: 'state', ...REQUEST },
    { what: 'two states', query: '?state=failed,pending', field: 'state', ...REQUEST },
  ],
  getWebhookDelivery: NO_DELIVERY,
  resendWebhookDelivery: NO_DELIVERY,
  listWebhookRelays: [...PAGES, ...DELETED],
  createWebhookRelay: [
    ...NAMES,
    ...REPETITIONS,
    { what: 'an unknown scheme', body: { scheme: 'body' }, field: 'scheme' },
    ...['', 'a b', 'a\nb', 'clé', 'x'.repeat(513)].map((key) => ({
      what: `the key ${JSON.stringify(key).slice(0, 20)}`,
      body: { key },
      field: 'key',
    })),
    ...['x', 'whsec_', 'whsec_!', 'whsec_YQ', 'whpk_YWFh'].map((key) => ({
      what: `the standard key ${key}`,
      body: { scheme: 'standard', key },
      field: 'key',
    })),
  ],
  deleteWebhookRelay: [LONG_ID],
  publishEvents: [
    ...TYPES,
    ...REPETITIONS,
    { what: 'an empty subject', body: { subject: '' }, field: 'subject' },
    { what: 'a subject with NUL', body: { subject: 'a\0b' }, field: 'subject' },
    { what: 'a subject with half a character', body: { subject: '\ud83d' }, field: 'subject' },
    { what: 'a huge subject', body: { subject: 'x'.repeat(201) }, field: 'subject' },
    { what: 'a token as a subject', body: { subject: TOKEN_LIKE }, field: 'subject' },
    { what: 'a list as data', body: { data: [] }, field: 'data' },
    { what: 'data with __proto__', body: { data: JSON.parse('{"__proto__":1}') }, field: 'data' },
    { what: 'deep data', body: { data: nested(33) }, field: 'data' },
    { what: 'an event beside events', body: { events: [] }, field: 'events' },
  ],
  listEvents: [
    ...PAGES,
    { what: 'a type with NUL', query: '?type=a%00', field: 'type', ...REQUEST },
    { what: 'a huge type', query: `?type=${'x'.repeat(129)}`, field: 'type', ...REQUEST },
  ],
  getEvent: [LONG_ID],
}
