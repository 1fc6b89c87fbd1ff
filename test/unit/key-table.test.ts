import { BASE62_ALPHABET, KeyTable, type KeyEntry, type Principal, type TableWorkspace } from '@bitting/core'
import { describe, expect, it } from 'vitest'
import { API, digestBytesOf, digestOf, entryOf, MANAGEMENT, WORKSPACE } from './key-fixtures.js'

const ID = '0123456789ABCDEF'
const YEAR_2040 = Date.UTC(2040, 0, 1) / 1000
const YEAR_2100 = Date.UTC(2100, 0, 1) / 1000

function tableWith(...entries: readonly KeyEntry[]): KeyTable {
  const table = new KeyTable(1)
  table.setWorkspace(WORKSPACE)
  for (const entry of entries) table.put(entry)
  return table
}

/** The record of a secret whose digest is that of its id, as `entryOf` makes it. */
function recordOf(table: KeyTable, secretId: string): number {
  return table.match(secretId, 0, digestOf(secretId))
}

function principalOf(table: KeyTable, secretId: string): Principal {
  const record = recordOf(table, secretId)
  expect(record).toBeGreaterThanOrEqual(0)
  return table.principal(record)
}

function refusalAt(table: KeyTable, now: number, address: string | null = null): string | null {
  const record = recordOf(table, ID)
  expect(record).toBeGreaterThanOrEqual(0)
  return table.refusal(record, address, now)
}

describe('a secret id', () => {
  it.each(['0', 'z', 'k'])('is read back with every digit in every place (among %s)', (filler) => {
    const table = tableWith()
    const ids = Array.from({ length: 16 }, (_, place) =>
      BASE62_ALPHABET.split('').map((digit) => filler.repeat(place) + digit + filler.repeat(15 - place)),
    ).flat()
    for (const id of ids) table.put(entryOf(id))
    expect(table.size).toBe(new Set(ids).size)
    expect(ids.map((id) => principalOf(table, id).secretId)).toEqual(ids)
    expect(ids.map((id) => principalOf(table, id).keyId)).toEqual(ids.map((id) => `key_${id.slice(0, 13)}`))
  })

  it.each([
    '',
    '0123456789ABCDE',
    '0123456789ABCDEFG',
    '0123456789ABCDE_',
    '0123456789ABCDEé',
    '0123456789ABCDE ',
  ])('that is %j is never taken in', (id) => {
    const table = tableWith()
    expect(() => {
      table.put(entryOf(id))
    }).toThrow('assertion failed')
    expect(table.size).toBe(0)
  })

  it('is found wherever it stands in a text, and whatever stands around it', () => {
    const table = tableWith(entryOf(ID))
    for (const before of ['', 'btg_live_', 'é', '0'.repeat(100)]) {
      expect(table.match(`${before}${ID}${ID}`, before.length, digestOf(ID))).toBe(0)
    }
  })

  it.each([
    ['', 0],
    ['short', 0],
    [ID, 1],
    [ID, 16],
    [ID, 100],
    ['\uffff'.repeat(40), 3],
  ] as const)('of %j at %i is nowhere, without an error', (text, start) => {
    expect(tableWith(entryOf(ID)).match(text, start, digestOf('other'))).toBe(-1)
    expect(tableWith().match(text, start, digestOf(ID))).toBe(-1)
  })
})

describe('a digest', () => {
  it('matches only as a whole: no bit turned, nothing left out, nothing added', () => {
    const table = tableWith(entryOf(ID))
    const digest = digestOf(ID)
    expect(table.match(ID, 0, digest)).toBe(0)
    for (let bit = 0; bit < 256; bit++) {
      const bytes = digestBytesOf(ID)
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(table.match(ID, 0, Buffer.from(bytes).toString('latin1'))).toBe(-1)
    }
    for (const wrong of ['', digest.slice(1), digest.slice(0, 31), `${digest}\0`, `${digest}${digest}`]) {
      expect(table.match(ID, 0, wrong)).toBe(-1)
    }
  })

  it('of zeros matches nothing in a table where records were removed', () => {
    const table = tableWith(entryOf(ID))
    table.remove(ID)
    expect(table.match(ID, 0, '\0'.repeat(32))).toBe(-1)
    expect(table.match('0'.repeat(16), 0, '\0'.repeat(32))).toBe(-1)
  })

  it('may be a view into a larger buffer', () => {
    const buffer = new Uint8Array(100).fill(0xaa)
    buffer.set(digestBytesOf(ID), 7)
    const table = tableWith(entryOf(ID, { digest: buffer.subarray(7, 39) }))
    expect(recordOf(table, ID)).toBe(0)
  })

  it('is copied: the giver may wipe its own', () => {
    const digest = digestBytesOf(ID)
    const table = tableWith(entryOf(ID, { digest }))
    digest.fill(0)
    expect(recordOf(table, ID)).toBe(0)
  })

  it.each([0, 31, 33, 64])('of %i bytes is never taken in', (length) => {
    const table = tableWith()
    expect(() => {
      table.put(entryOf(ID, { digest: new Uint8Array(length) }))
    }).toThrow('assertion failed')
    expect([table.size, table.has(ID)]).toEqual([0, false])
  })
})

describe('an expiry', () => {
  it.each([
    ['1970', 1],
    ['the last second of a signed word', 2 ** 31 - 1],
    ['the second after it', 2 ** 31],
    ['2040', YEAR_2040],
    ['2100', YEAR_2100],
    ['the last second of an unsigned word', 2 ** 32 - 1],
  ])('in %s is kept to the second', (_, expiresAt) => {
    const table = tableWith(entryOf(ID, { expiresAt }))
    expect(refusalAt(table, expiresAt - 1)).toBeNull()
    expect(refusalAt(table, expiresAt)).toBe('key_expired')
    expect(refusalAt(table, expiresAt + 1)).toBe('key_expired')
  })

  it.each([2 ** 32, 2 ** 32 + 1, 2 ** 33, 2 ** 40, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])(
    'at %d, beyond what a word holds, comes early and is not forgotten',
    (expiresAt) => {
      const table = tableWith(entryOf(ID, { expiresAt }))
      expect(refusalAt(table, YEAR_2100)).toBeNull()
      expect(refusalAt(table, 2 ** 32 - 2)).toBeNull()
      expect(refusalAt(table, 2 ** 32 - 1)).toBe('key_expired')
      expect(refusalAt(table, 2 ** 41)).toBe('key_expired')
    },
  )

  it.each([0, 0.5, -1, -(2 ** 31), -(2 ** 32), Number.NEGATIVE_INFINITY, Number.NaN])(
    'at %d, which a word cannot hold either, has passed',
    (expiresAt) => {
      const table = tableWith(entryOf(ID, { expiresAt }))
      expect(refusalAt(table, 1)).toBe('key_expired')
      expect(refusalAt(table, YEAR_2100)).toBe('key_expired')
    },
  )

  it('that is absent never comes', () => {
    expect(refusalAt(tableWith(entryOf(ID)), Number.MAX_SAFE_INTEGER)).toBeNull()
  })

  it('of a secret that was replaced is its retirement', () => {
    const table = tableWith(entryOf(ID, { expiresAt: 100, retiring: true }))
    expect(refusalAt(table, 99)).toBeNull()
    expect(refusalAt(table, 100)).toBe('secret_retired')
  })
})

describe('a refusal', () => {
  const conditions = { expiresAt: 100, notBefore: 50, allowedAddresses: ['10.0.0.0/8'] }

  it.each<[string, Partial<KeyEntry>, number, string | null, string | null]>([
    ['revoked before all else', { ...conditions, state: 'revoked' }, 200, null, 'key_revoked'],
    ['expired before suspended', { ...conditions, state: 'suspended' }, 100, null, 'key_expired'],
    ['suspended before not yet active', { ...conditions, state: 'suspended' }, 40, null, 'key_suspended'],
    ['not yet active before the address', conditions, 49, '192.0.2.1', 'key_not_yet_active'],
    ['a wrong address', conditions, 50, '192.0.2.1', 'address_not_allowed'],
    ['an unknown address', conditions, 50, null, 'address_not_allowed'],
    ['an unreadable address', conditions, 50, '10.0.0', 'address_not_allowed'],
    ['nothing against it', conditions, 50, '10.0.0.1', null],
    ['nothing against it from a mapped address', conditions, 99, '::ffff:10.0.0.1', null],
    ['an empty list, which is nowhere', { allowedAddresses: [] }, 0, '10.0.0.1', 'address_not_allowed'],
    ['a list that does not parse', { allowedAddresses: ['*'] }, 0, '10.0.0.1', 'address_not_allowed'],
    ['a beginning at zero', { notBefore: 0 }, 0, null, null],
    ['a beginning in 2100', { notBefore: YEAR_2100 }, YEAR_2100 - 1, null, 'key_not_yet_active'],
  ])('%s', (_, changes, now, address, expected) => {
    expect(refusalAt(tableWith(entryOf(ID, changes)), now, address)).toBe(expected)
  })
})

describe('an access', () => {
  it.each([
    [[0x80000000, 0], 15, 2],
    [[0, 0x80000000], 31, 2],
    [[0, 0x40000000], 31, 1],
    [[1, 0], 0, 1],
    [[0, 2], 16, 2],
    [[-0x80000000, 0], 15, 2],
  ] as const)('of the words %j gives permission %i the rank %i and no other any', (mask, index, rank) => {
    const principal = principalOf(tableWith(entryOf(ID, { mask })), ID)
    const ranks = Array.from({ length: 32 }, (_, permission) => principal.rankAt(permission))
    expect(ranks).toEqual(Array.from({ length: 32 }, (_, permission) => (permission === index ? rank : 0)))
    expect(principal.levelAt(index)).toBe(['none', 'read', 'edit'][rank])
  })

  it.each([-1, 32, 47, 48, 2 ** 31])(
    'gives nothing at the place %d, where there is no permission',
    (index) => {
      const principal = principalOf(tableWith(entryOf(ID, { mask: [0xaaaaaaa8, 0xaaaaaaaa] })), ID)
      expect(principal.rankAt(index)).toBe(0)
    },
  )

  it('that is full is edit everywhere, whatever the words say', () => {
    const principal = principalOf(tableWith(entryOf(ID, { full: true })), ID)
    expect([principal.full, principal.levelAt(0), principal.levelAt(31)]).toEqual([true, 'edit', 'edit'])
  })
})

describe('a record', () => {
  it('that is reused has nothing of the one before', () => {
    const table = tableWith(
      entryOf(ID, {
        kind: 'management',
        state: 'suspended',
        retiring: true,
        full: true,
        mask: [0xffffffff, 0xffffffff],
        expiresAt: 100,
        notBefore: 90,
        allowedAddresses: [],
      }),
    )
    expect(table.remove(ID)).toBe(true)
    const other = 'FEDCBA9876543210'
    table.put(entryOf(other))
    const record = recordOf(table, other)
    expect(record).toBe(0)
    expect(table.refusal(record, null, 1000)).toBeNull()
    const { kind, full, secretId } = table.principal(record)
    expect({ kind, full, secretId }).toEqual({ kind: 'api', full: false, secretId: other })
    expect(table.principal(record).rankAt(5)).toBe(0)
  })

  it('that is replaced loses the conditions, the digest and the flags of before', () => {
    const table = tableWith(
      entryOf(ID, { state: 'revoked', full: true, expiresAt: 1, notBefore: 9, allowedAddresses: [] }),
      entryOf(ID, { digest: digestBytesOf('new') }),
    )
    expect(table.size).toBe(1)
    expect(recordOf(table, ID)).toBe(-1)
    const record = table.match(ID, 0, digestOf('new'))
    expect(table.refusal(record, null, 5)).toBeNull()
    expect(table.principal(record).full).toBe(false)
  })

  it('that was read is a copy: the table may change under a request', () => {
    const table = tableWith(entryOf(ID, { mask: [2, 0] }))
    const principal = principalOf(table, ID)
    table.remove(ID)
    table.put(entryOf('FEDCBA9876543210', { full: true, kind: 'management', mask: [0, 0] }))
    expect(principal).toMatchObject({ kind: 'api', full: false, secretId: ID, workspace: WORKSPACE })
    expect(principal.rankAt(0)).toBe(2)
  })
})

describe('a workspace', () => {
  const other: TableWorkspace = { id: 'ws_b', catalogs: { api: MANAGEMENT, management: API } }

  it('is known before its keys', () => {
    const table = new KeyTable(1)
    expect(() => {
      table.put(entryOf(ID))
    }).toThrow('assertion failed')
    expect([table.size, table.has(ID), table.workspace(WORKSPACE.id)]).toEqual([0, false, undefined])
  })

  it('that is replaced is the new one for every key of it, at once, and for no other', () => {
    const table = tableWith()
    table.setWorkspace(other)
    table.put(entryOf(ID))
    table.put(entryOf('FEDCBA9876543210', { workspaceId: other.id }))
    const renewed: TableWorkspace = { ...WORKSPACE }
    table.setWorkspace(renewed)
    expect(principalOf(table, ID).workspace).toBe(renewed)
    expect(principalOf(table, 'FEDCBA9876543210').workspace).toBe(other)
    expect(table.workspace(WORKSPACE.id)).toBe(renewed)
  })

  it('judges each kind of key by its own catalog', () => {
    const table = tableWith(entryOf(ID), entryOf('FEDCBA9876543210', { kind: 'management' }))
    expect(principalOf(table, ID).catalog).toBe(API)
    expect(principalOf(table, 'FEDCBA9876543210').catalog).toBe(MANAGEMENT)
  })

  it('is told from 70,000 others', () => {
    const table = new KeyTable<TableWorkspace>(1)
    const ids = Array.from({ length: 70_000 }, (_, index) => `ws_${String(index)}`)
    for (const id of ids) table.setWorkspace({ ...WORKSPACE, id })
    const tried = [0, 1, 255, 256, 32_767, 32_768, 65_535, 65_536, 69_999]
    for (const number of tried) {
      const secretId = String(number).padStart(16, '0')
      table.put(entryOf(secretId, { workspaceId: `ws_${String(number)}`, state: 'revoked', full: true }))
      expect(principalOf(table, secretId).workspace.id).toBe(`ws_${String(number)}`)
    }
  })
})

describe('the size', () => {
  it('is at most 70 bytes a secret at the reserved capacity, before and after that many were put in', () => {
    const table = new KeyTable(3000)
    table.setWorkspace(WORKSPACE)
    const reserved = table.byteLength
    expect(reserved / 3000).toBeLessThanOrEqual(70)
    for (let number = 0; number < 3000; number++) table.put(entryOf(String(number).padStart(16, '0')))
    expect([table.byteLength, table.size]).toEqual([reserved, 3000])
  })

  it('does not grow while secrets come and go within the capacity', () => {
    const table = new KeyTable(8)
    table.setWorkspace(WORKSPACE)
    const reserved = table.byteLength
    const id = (number: number): string => String(number).padStart(16, '0')
    for (let number = 0; number < 2000; number++) {
      if (number >= 8) expect(table.remove(id(number - 8))).toBe(true)
      table.put(entryOf(id(number)))
    }
    expect([table.byteLength, table.size]).toEqual([reserved, 8])
  })
})

describe('remove', () => {
  it('says whether the secret was there', () => {
    const table = tableWith(entryOf(ID))
    expect([table.remove('FEDCBA9876543210'), table.remove(ID), table.remove(ID), table.size]).toEqual([
      false,
      true,
      false,
      0,
    ])
  })
})
