import type { Prepared } from './operations.js'

/** A flaw in an otherwise good request, and the field that the answer must name. */
export interface BadInput {
  readonly what: string
  /** Members that replace those of a good body; undefined leaves one out. */
  readonly body?: Readonly<Record<string, unknown>>
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly params?: Readonly<Record<string, string>>
  /** Where the flaw is, as `errors` names it; null where the problem's code says it all. */
  readonly field: string | null
  /** Default 400. */
  readonly status?: number
  readonly code?: string
}

const ACCESS = { code: 'invalid_access' } as const
const REQUEST = { code: 'invalid_request' } as const

const NAMES: readonly BadInput[] = [
  { what: 'an empty name', body: { name: '' }, field: 'name' },
  { what: 'a name of spaces', body: { name: '   ' }, field: 'name' },
  { what: 'a name with a space at its end', body: { name: 'x ' }, field: 'name' },
  { what: 'a name with a line end', body: { name: 'a\nb' }, field: 'name' },
  { what: 'a name with an escape character', body: { name: '\u001b[31mred' }, field: 'name' },
  { what: 'a name with NUL', body: { name: 'a\0b' }, field: 'name' },
  { what: 'a name with a C1 control', body: { name: 'a\u0085b' }, field: 'name' },
  { what: 'a name with half a character', body: { name: 'a\ud800b' }, field: 'name' },
  { what: 'a huge name', body: { name: 'x'.repeat(100_000) }, field: 'name' },
]

const ACCESSES: readonly BadInput[] = [
  {
    what: 'an unknown permission',
    body: { access: { histroy: 'read' } },
    field: 'access.histroy',
    ...ACCESS,
  },
  {
    what: 'a permission of another catalog',
    body: { access: { keys: 'read' } },
    field: 'access.keys',
    ...ACCESS,
  },
  {
    what: 'a level that the permission lacks',
    body: { access: { call: 'read' } },
    field: 'access.call',
    ...ACCESS,
  },
  { what: 'a level that does not exist', body: { access: { history: 'write' } }, field: 'access' },
  { what: 'a level in capitals', body: { access: { history: 'Read' } }, field: 'access' },
  {
    what: 'a permission in capitals',
    body: { access: { History: 'read' } },
    field: 'access.History',
    ...ACCESS,
  },
  { what: 'an empty permission', body: { access: { '': 'read' } }, field: 'access.', ...ACCESS },
  {
    what: '__proto__ as a permission',
    body: { access: JSON.parse('{"__proto__":"edit"}') },
    field: 'access',
  },
  {
    what: 'constructor as a permission',
    body: { access: { constructor: 'edit' } },
    field: 'access.constructor',
    ...ACCESS,
  },
  {
    what: 'toString as a permission',
    body: { access: { toString: 'edit' } },
    field: 'access.toString',
    ...ACCESS,
  },
  {
    what: 'hasOwnProperty as a permission',
    body: { access: { hasOwnProperty: 'edit' } },
    field: 'access.hasOwnProperty',
    ...ACCESS,
  },
  { what: 'full as a permission', body: { access: { full: 'edit' } }, field: 'access.full', ...ACCESS },
  { what: 'another word for everything', body: { access: 'all' }, field: 'access' },
  { what: 'FULL', body: { access: 'FULL' }, field: 'access' },
  { what: 'a star', body: { access: '*' }, field: 'access' },
  { what: 'a list of permissions', body: { access: ['history'] }, field: 'access' },
  { what: 'no access at all', body: { access: null }, field: 'access' },
]

const CONDITIONS: readonly BadInput[] = [
  ...[
    '10.0.0.1/8',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0',
    '010.0.0.1',
    '10.0.0.256',
    '10.0.0.0/8/8',
    ' 10.0.0.1',
    '2001:db8::1/32',
    '2001:db8::/129',
    '2001:db8:::1',
    'fe80::1%eth0',
    'localhost',
    '*',
    '',
    '0x0a000001',
    '::ffff:10.0.0.1/8',
    '١٠.٠.٠.١',
  ].map((address) => ({
    what: `the address ${JSON.stringify(address)}`,
    body: { conditions: { allowed_addresses: ['192.0.2.1', address] } },
    field: 'conditions.allowed_addresses.1',
  })),
  {
    what: 'an empty list of addresses',
    body: { conditions: { allowed_addresses: [] } },
    field: 'conditions.allowed_addresses',
  },
  { what: 'an unknown condition', body: { conditions: { country: 'CH' } }, field: 'conditions.country' },
  ...[
    'tomorrow',
    '2099-01-31',
    '2099-01-31T00:00:00',
    '2099-01-31 00:00:00Z',
    '2099-02-30T00:00:00Z',
    '2099-13-01T00:00:00Z',
    '2099-01-31T25:00:00Z',
    '2099-01-31T00:00:00+24:00',
    '2099-01-31T00:00:00Z\n',
    '4077-01-01T00:00:00Z',
    '1969-12-31T00:00:00Z',
    '+99999-01-01T00:00:00Z',
    '4070908800',
    '',
  ].flatMap((time) => [
    { what: `the end ${JSON.stringify(time)}`, body: { expires_at: time }, field: 'expires_at' },
    {
      what: `the start ${JSON.stringify(time)}`,
      body: { conditions: { not_before: time } },
      field: 'conditions.not_before',
    },
  ]),
  { what: 'an end in the past', body: { expires_at: '2020-01-01T00:00:00Z' }, field: 'expires_at' },
  {
    what: 'an end before the start',
    body: { expires_at: '2090-01-01T00:00:00Z', conditions: { not_before: '2090-01-01T00:00:00Z' } },
    field: 'expires_at',
  },
]

const NOTES: readonly BadInput[] = [
  { what: 'a note with NUL', body: { note: 'a\0b' }, field: 'note' },
  { what: 'a note with half a character', body: { note: '\udfff' }, field: 'note' },
]

const REASONS: readonly BadInput[] = [
  { what: 'a reason with a line end', body: { reason: 'a\nb' }, field: 'reason' },
  { what: 'a reason with NUL', body: { reason: 'a\0b' }, field: 'reason' },
  { what: 'a reason with half a character', body: { reason: '\ud83d' }, field: 'reason' },
]

const PRECONDITIONS: readonly BadInput[] = [
  '3',
  'W/"3"',
  '"3',
  '"x"',
  '"1","2"',
  '""',
  '"-1"',
  '"1.0"',
  '"1e0"',
  '*, "1"',
].map((tag) => ({ what: `If-Match: ${tag}`, headers: { 'if-match': tag }, field: 'If-Match', ...REQUEST }))

const OLD_VERSION: BadInput = {
  what: 'If-Match of another version',
  headers: { 'if-match': '"999"' },
  field: null,
  status: 412,
  code: 'version_conflict',
}

const REPETITIONS: readonly BadInput[] = [
  {
    what: 'an empty Idempotency-Key',
    headers: { 'idempotency-key': '' },
    field: 'Idempotency-Key',
    ...REQUEST,
  },
  {
    what: 'an Idempotency-Key with a space',
    headers: { 'idempotency-key': 'a b' },
    field: 'Idempotency-Key',
    ...REQUEST,
  },
  {
    what: 'an Idempotency-Key beyond ASCII',
    headers: { 'idempotency-key': 'clé' },
    field: 'Idempotency-Key',
    ...REQUEST,
  },
  {
    what: 'a huge Idempotency-Key',
    headers: { 'idempotency-key': 'x'.repeat(5000) },
    field: 'Idempotency-Key',
    ...REQUEST,
  },
]

const cursorOf = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const PAGES: readonly BadInput[] = [
  ...[
    '0',
    '-1',
    '101',
    '1.5',
    '1e1',
    '0x10',
    '',
    'ten',
    ' 5',
    '+5',
    '99999999999999999999',
    'NaN',
    '1&limit=2',
  ].map((limit) => ({
    what: `limit=${limit}`,
    query: `?limit=${encodeURI(limit).replaceAll('+', '%2B')}`,
    field: 'limit',
    ...REQUEST,
  })),
  ...[
    'garbage',
    '%F0%9F%94%91',
    '%00',
    cursorOf([]),
    cursorOf(null),
    cursorOf({ length: 2 }),
    cursorOf(['abc', 'key_0000000000000']),
    cursorOf(['1.5', 'key_0000000000000']),
    cursorOf(['9e99', 'key_0000000000000']),
    cursorOf(['-1', 'key_0000000000000']),
    cursorOf(['99999999999999999999', 'key_0000000000000']),
    cursorOf(['1', 'key_\0']),
    cursorOf(['1', 'key_\ud800']),
    cursorOf(['1', "' or 1=1"]),
    cursorOf([1, 'key_0000000000000']),
    cursorOf(['1', 'key_0000000000000', 'x']),
    cursorOf(['NaN']),
    cursorOf(['Infinity']),
    cursorOf(['1.5']),
    cursorOf([5]),
    cursorOf(['']),
    'a'.repeat(501),
  ].map((cursor) => ({
    what: `the cursor ${cursor.slice(0, 40)}`,
    query: `?cursor=${cursor}`,
    field: 'cursor',
    ...REQUEST,
  })),
  { what: 'an unknown filter', query: '?states=active', field: 'states', ...REQUEST },
]

const LONG_ID: BadInput = {
  what: 'an id of 65 characters',
  params: { id: 'x'.repeat(65) },
  field: 'id',
  ...REQUEST,
}

/** What is no whole number, or none that is looked up. */
const NUMBERS = [
  '-1',
  '1.5',
  '1e1',
  '0x10',
  '',
  'ten',
  '%205',
  '%2B5',
  '99999999999999999999',
  'NaN',
] as const

const INDEXES: readonly BadInput[] = [
  '-1',
  '1.5',
  '0x1',
  '1e0',
  '%201',
  'first',
  '99999999999999999999',
  '%2B1',
].map((index) => ({ what: `the index ${index}`, params: { index }, field: 'index', ...REQUEST }))

/** Paths that lead to no tile: ill-formed, or of a tree that is not so large. */
function noTiles(...paths: readonly (readonly string[])[]): readonly BadInput[] {
  return paths.map((path) => {
    const [level = '', a = '', b = '', c = '', d = ''] = path
    return {
      what: path.join('/'),
      params: { level, a, b, c, d },
      field: null,
      status: 404,
      code: 'not_found',
    }
  })
}

/** The flaws of each operation that are not a matter of types alone. */
export const BAD_INPUTS: Readonly<Record<string, readonly BadInput[]>> = {
  createKey: [
    ...NAMES,
    ...ACCESSES,
    ...CONDITIONS,
    ...NOTES,
    ...REPETITIONS,
    { what: 'an unknown environment', body: { environment: 'live' }, field: 'environment' },
    { what: 'an unknown kind', body: { kind: 'admin' }, field: 'kind' },
    {
      what: 'a webhook of another catalog for a management key',
      body: { kind: 'management', access: { webhook: 'edit' } },
      field: 'access.webhook',
      ...ACCESS,
    },
  ],
  listKeys: [
    ...PAGES,
    { what: 'an unknown state', query: '?state=alive', field: 'state.0', ...REQUEST },
    { what: 'an empty state', query: '?state=', field: 'state.0', ...REQUEST },
    { what: 'a state beside an unknown one', query: '?state=active,alive', field: 'state.1', ...REQUEST },
    { what: 'an unknown kind', query: '?kind=admin', field: 'kind', ...REQUEST },
    { what: 'an unknown environment', query: '?environment=live', field: 'environment', ...REQUEST },
    { what: 'NUL in the name', query: '?name=%00', field: 'name', ...REQUEST },
    { what: 'a huge name', query: `?name=${'x'.repeat(101)}`, field: 'name', ...REQUEST },
  ],
  getKey: [LONG_ID],
  updateKey: [
    ...NAMES,
    ...ACCESSES,
    ...CONDITIONS,
    ...NOTES,
    ...PRECONDITIONS,
    OLD_VERSION,
    LONG_ID,
    { what: 'a change of the environment', body: { environment: 'staging' }, field: 'environment' },
    { what: 'a change of the kind', body: { kind: 'management' }, field: 'kind' },
    { what: 'a change of the state', body: { state: 'active' }, field: 'state' },
  ],
  deleteKey: [...PRECONDITIONS, OLD_VERSION, LONG_ID],
  rotateKey: [
    ...PRECONDITIONS,
    ...REPETITIONS,
    OLD_VERSION,
    LONG_ID,
    ...[-1, 0.5, 2_592_001, 1e300, '60', null].map((overlap) => ({
      what: `an overlap of ${JSON.stringify(overlap)}`,
      body: { overlap_seconds: overlap },
      field: 'overlap_seconds',
    })),
  ],
  suspendKey: [...REASONS, ...PRECONDITIONS, ...REPETITIONS, OLD_VERSION, LONG_ID],
  resumeKey: [...REASONS, ...PRECONDITIONS, ...REPETITIONS, OLD_VERSION, LONG_ID],
  revokeKey: [...REASONS, ...PRECONDITIONS, ...REPETITIONS, OLD_VERSION, LONG_ID],
  verifyToken: [
    { what: 'a method with a space', body: { method: 'GET /' }, field: 'method' },
    { what: 'an empty method', body: { method: '' }, field: 'method' },
    { what: 'a huge token', body: { token: 'x'.repeat(4097) }, field: 'token' },
    { what: 'a path that is none', body: { path: 'x' }, field: 'path', code: 'invalid_target' },
    { what: 'an absolute path', body: { path: 'https://x/y' }, field: 'path', code: 'invalid_target' },
    { what: 'an empty path', body: { path: '' }, field: 'path', code: 'invalid_target' },
    ...[
      '/a/../b',
      '/a//b',
      '/a%2Fb',
      '/a\\b',
      '/%00',
      '/%zz',
      '/%FF',
      '/a#b',
      '/é',
      `/${'x'.repeat(9000)}`,
    ].map((path) => ({
      what: `the path ${path.slice(0, 20)}`,
      body: { path },
      field: 'path',
      code: 'invalid_target',
    })),
    ...['', 'localhost', '10.0.0.0/8', '1.2.3.4%eth0', '010.0.0.1', '1.2.3'].map((ip) => ({
      what: `the address ${JSON.stringify(ip)}`,
      body: { ip },
      field: 'ip',
    })),
  ],
  listAuditEntries: [
    ...PAGES,
    { what: 'an unknown outcome', query: '?outcome=maybe', field: 'outcome', ...REQUEST },
    ...['action', 'actor', 'resource', 'key', 'request_id', 'text'].flatMap((name) => [
      { what: `NUL in ${name}`, query: `?${name}=a%00b`, field: name, ...REQUEST },
      { what: `a huge ${name}`, query: `?${name}=${'x'.repeat(257)}`, field: name, ...REQUEST },
      { what: `${name} twice`, query: `?${name}=a&${name}=b`, field: name, ...REQUEST },
    ]),
    ...['since', 'until'].flatMap((name) =>
      ['yesterday', '2027-01-31', '2027-01-31T00:00:00', '2027-02-30T00:00:00Z', '0', ''].map((time) => ({
        what: `${name} ${time}`,
        query: `?${name}=${time}`,
        field: name,
        ...REQUEST,
      })),
    ),
    ...['', '%20', '.,-', '%22%27%28%2A', '%F0%9F%94%91'].map((text) => ({
      what: `the text ${JSON.stringify(text)}, which has no word`,
      query: `?text=${text}`,
      field: 'text',
      ...REQUEST,
    })),
  ],
  getAuditEntry: INDEXES,
  exportAuditEntries: [
    { what: 'an unknown form', query: '?format=xml', field: 'format', ...REQUEST },
    { what: 'an empty form', query: '?format=', field: 'format', ...REQUEST },
    { what: 'an unknown filter', query: '?actor=x', field: 'actor', ...REQUEST },
    ...NUMBERS.map((from) => ({ what: `from ${from}`, query: `?from=${from}`, field: 'from', ...REQUEST })),
    ...[...NUMBERS, '0', '1001'].map((limit) => ({
      what: `the limit ${limit}`,
      query: `?limit=${limit}`,
      field: 'limit',
      ...REQUEST,
    })),
  ],
  getAuditCheckpoint: [],
  getAuditVerifierKey: [],
  proveAuditInclusion: [
    ...INDEXES,
    ...[...NUMBERS, '0', '999999999'].map((size) => ({
      what: `the size ${size}`,
      query: `?size=${size}`,
      field: 'size',
      ...REQUEST,
    })),
    { what: 'a tree that ends before the entry', query: '?size=1', field: 'index', ...REQUEST },
    {
      what: 'an entry that is not there',
      params: { index: '999999999' },
      query: '',
      field: 'index',
      ...REQUEST,
    },
    { what: 'an unknown member', query: '?from=1', field: 'from', ...REQUEST },
  ],
  getAuditProofBundle: [
    ...INDEXES,
    { what: 'an entry that is not there', params: { index: '999999999' }, field: 'index', ...REQUEST },
  ],
  proveAuditConsistency: [
    { what: 'nothing', query: '', field: 'from', ...REQUEST },
    { what: 'no beginning', query: '?to=1', field: 'from', ...REQUEST },
    ...NUMBERS.flatMap((size) => [
      { what: `from ${size}`, query: `?from=${size}`, field: 'from', ...REQUEST },
      { what: `to ${size}`, query: `?from=1&to=${size}`, field: 'to', ...REQUEST },
    ]),
    { what: 'from the larger to the smaller', query: '?from=2&to=1', field: 'from', ...REQUEST },
    { what: 'from beyond the tree', query: '?from=999999999', field: 'from', ...REQUEST },
    { what: 'to nothing', query: '?from=1&to=0', field: 'to', ...REQUEST },
    { what: 'to beyond the tree', query: '?from=1&to=999999999', field: 'to', ...REQUEST },
    { what: 'an unknown member', query: '?from=1&size=2', field: 'size', ...REQUEST },
  ],
  getAuditTile: [
    ...['x'.repeat(17)].map((a) => ({
      what: 'a huge segment',
      params: { level: '0', a },
      field: 'a',
      ...REQUEST,
    })),
    { what: 'a huge level', params: { level: '0'.repeat(17), a: '000' }, field: 'level', ...REQUEST },
    ...noTiles(
      ['0', '999'],
      ['64', '000'],
      ['-1', '000'],
      ['00', '000'],
      ['data', '000'],
      ['0', '0'],
      ['0', '0000'],
      ['0', 'x000'],
      ['0', '000.p'],
      ['0', '%20000'],
      ['0', '-01'],
      ['0', '%D9%A0%D9%A0%D9%A0'],
    ),
  ],
  getAuditTileTwo: noTiles(
    ['0', '000.p', '0'],
    ['0', '000.p', '256'],
    ['0', '000.p', '02'],
    ['0', '000.p', 'x'],
    ['0', '000', '2'],
    ['0', 'x000', '000'],
    ['0', '900.p', '1'],
    ['1', '255.p', '1'],
    ['entries', '000.p', '0'],
    ['entries', '999.p', '1'],
    ['0', 'x001', '000'],
  ),
  getAuditTileThree: noTiles(
    ['0', 'x001', 'x000', '000'],
    ['0', '000', '000', '000'],
    ['0', 'x001', '000.p', '0'],
    ['entries', 'x001', '000.p', '1'],
  ),
  getAuditTileFour: noTiles(
    ['0', 'x001', 'x000', 'x000', '000'],
    ['0', 'x001', 'x000', '000', '1'],
    ['63', 'x001', 'x000', '000.p', '1'],
  ),
  recordAuditEntries: [
    ...REPETITIONS,
    ...['action', 'userId', 'resource'].flatMap((name) => [
      { what: `an empty ${name}`, body: { [name]: '' }, field: name },
      { what: `a ${name} with NUL`, body: { [name]: 'a\0b' }, field: name },
      { what: `a ${name} with a line end`, body: { [name]: 'a\nb' }, field: name },
      { what: `a ${name} with half a character`, body: { [name]: '\ud83d' }, field: name },
      { what: `a huge ${name}`, body: { [name]: 'x'.repeat(100_000) }, field: name },
    ]),
    { what: 'an unknown result', body: { result: 'maybe' }, field: 'result' },
    ...['yesterday', '2027-01-31', '2027-01-31T00:00:00', '2027-02-30T00:00:00Z', ''].map((timestamp) => ({
      what: `the time ${timestamp}`,
      body: { timestamp },
      field: 'timestamp',
    })),
    { what: 'huge metadata', body: { metadata: { a: 'x'.repeat(8192) } }, field: 'metadata' },
    { what: 'a list as metadata', body: { metadata: [] }, field: 'metadata' },
    { what: 'an entry beside entries', body: { entries: [] }, field: 'entries' },
  ],
  eraseAuditData: [
    { what: 'nothing', body: { actor: undefined }, field: 'body' },
    { what: 'an actor and a resource', body: { resource: 'x' }, field: 'body' },
    { what: 'all three', body: { resource: 'x', address: '192.0.2.1' }, field: 'body' },
    ...['actor', 'resource', 'address'].flatMap((name) => [
      { what: `an empty ${name}`, body: { actor: undefined, [name]: '' }, field: name },
      { what: `a ${name} with NUL`, body: { actor: undefined, [name]: 'a\0b' }, field: name },
      { what: `a huge ${name}`, body: { actor: undefined, [name]: 'x'.repeat(257) }, field: name },
    ]),
  ],
  getWorkspace: [],
  updateWorkspace: [
    ...NAMES,
    ...PRECONDITIONS,
    OLD_VERSION,
    { what: 'an unknown environment', body: { ceilings: { live: 'full' } }, field: 'ceilings.live' },
    {
      what: 'an unknown level',
      body: { ceilings: { production: { call: 'write' } } },
      field: 'ceilings.production',
    },
    {
      what: 'an unknown permission',
      body: { ceilings: { production: { calls: 'edit' } } },
      field: 'ceilings.production.calls',
      ...ACCESS,
    },
    {
      what: '__proto__ as a permission',
      body: { ceilings: { production: JSON.parse('{"__proto__":"edit"}') } },
      field: 'ceilings.production',
    },
    {
      what: 'an environment without a ceiling',
      body: { ceilings: { production: null } },
      field: 'ceilings.production',
    },
    ...[
      'http://169.254.169.254',
      'https://api.example.com',
      'https://api.retellai.com/v2',
      'ftp://api.retellai.com',
      'x',
      '',
    ].map((upstream) => ({ what: `the upstream ${upstream}`, body: { upstream }, field: 'upstream' })),
    ...['a b', 'a\nb', '', 'clé'].map((key) => ({
      what: `the upstream key ${JSON.stringify(key)}`,
      body: { upstream_key: key },
      field: 'upstream_key',
    })),
    { what: 'a change of the id', body: { id: 'ws_000000000000' }, field: 'id' },
    { what: 'an unknown choice of calls', body: { audit: { calls: 'none' } }, field: 'audit.calls' },
    ...[-0.1, 1.1, 1e300].map((rate) => ({
      what: `a sample rate of ${String(rate)}`,
      body: { audit: { sample_rate: rate } },
      field: 'audit.sample_rate',
    })),
    ...[-1, 0, 0.5, 36_501, 1e300].map((days) => ({
      what: `${String(days)} days of retention`,
      body: { audit: { retention_days: days } },
      field: 'audit.retention_days',
    })),
  ],
  listNodes: [],
  setCatalogOverlay: [
    ...PRECONDITIONS,
    OLD_VERSION,
    ...[
      { method: 'get', path: '/x', permission: 'any' },
      { method: 'HEAD', path: '/x', permission: 'any' },
      { method: 'GET', path: 'x', permission: 'any' },
      { method: 'GET', path: '/x/../y', permission: 'any' },
      { method: 'GET', path: '/x?y=z', permission: 'any' },
      { method: 'GET', path: '/x-{id}', permission: 'any' },
      { method: 'GET', path: '/{', permission: 'any' },
      { method: 'GET', path: '/\0', permission: 'any' },
      { method: 'GET', path: '/x', permission: 'unknown', level: 'read' },
      { method: 'GET', path: '/x', permission: '__proto__', level: 'read' },
      { method: 'GET', path: '/x', permission: 'call', level: 'read' },
      { method: 'GET', path: '/x', permission: 'call' },
      { method: 'GET', path: '/x', permission: 'any', level: 'read' },
    ].map((mapping) => ({
      what: `the mapping ${JSON.stringify(mapping)}`,
      body: { operations: [{ method: 'GET', path: '/fine', permission: 'full' }, mapping] },
      field: 'operations.1',
    })),
    {
      what: 'one operation twice',
      body: {
        operations: [
          { method: 'GET', path: '/x/{a}', permission: 'any' },
          { method: 'GET', path: '/x/{b}', permission: 'full' },
        ],
      },
      field: 'operations.1',
    },
  ],
  getCatalog: [],
  getCaller: [],
}

/** A prepared request with a flaw put into it. */
export function spoil(prepared: Prepared, { body, query, headers, params }: BadInput): Prepared {
  return {
    ...prepared,
    ...(body !== undefined && { body: { ...(prepared.body as object | undefined), ...body } }),
    ...(query !== undefined && { query }),
    ...(headers !== undefined && { headers: { ...prepared.headers, ...headers } }),
    ...(params !== undefined && { params }),
  }
}
