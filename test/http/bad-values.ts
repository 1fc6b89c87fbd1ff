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

export const ACCESS = { code: 'invalid_access' } as const
export const REQUEST = { code: 'invalid_request' } as const

export const NAMES: readonly BadInput[] = [
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

export const ACCESSES: readonly BadInput[] = [
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

export const CONDITIONS: readonly BadInput[] = [
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

export const NOTES: readonly BadInput[] = [
  { what: 'a note with NUL', body: { note: 'a\0b' }, field: 'note' },
  { what: 'a note with half a character', body: { note: '\udfff' }, field: 'note' },
]

export const REASONS: readonly BadInput[] = [
  { what: 'a reason with a line end', body: { reason: 'a\nb' }, field: 'reason' },
  { what: 'a reason with NUL', body: { reason: 'a\0b' }, field: 'reason' },
  { what: 'a reason with half a character', body: { reason: '\ud83d' }, field: 'reason' },
]

export const PRECONDITIONS: readonly BadInput[] = [
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

export const OLD_VERSION: BadInput = {
  what: 'If-Match of another version',
  headers: { 'if-match': '"999"' },
  field: null,
  status: 412,
  code: 'version_conflict',
}

export const REPETITIONS: readonly BadInput[] = [
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

export const PAGES: readonly BadInput[] = [
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

export const LONG_ID: BadInput = {
  what: 'an id of 65 characters',
  params: { id: 'x'.repeat(65) },
  field: 'id',
  ...REQUEST,
}

/** What is no whole number, or none that is looked up. */
export const NUMBERS = [
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

export const INDEXES: readonly BadInput[] = [
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
export function noTiles(...paths: readonly (readonly string[])[]): readonly BadInput[] {
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
