import { createHash } from 'node:crypto'
import {
  entriesPath,
  formatEntryBundle,
  nodeFromTile,
  nodeHash,
  parseTilePath,
  TILE_WIDTH,
  tileOfNode,
  tilePath,
} from '@bitting/core'
import { describe, expect, it } from 'vitest'

const sha256 = (data: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(data).digest())

const PATHS: [string, number | 'entries', number, number][] = [
  ['tile/0/000', 0, 0, 256],
  ['tile/0/999', 0, 999, 256],
  ['tile/0/x001/000', 0, 1000, 256],
  ['tile/0/x001/x234/067', 0, 1_234_067, 256],
  ['tile/63/x001/x234/067.p/1', 63, 1_234_067, 1],
  ['tile/1/017.p/255', 1, 17, 255],
  ['tile/entries/000', 'entries', 0, 256],
  ['tile/entries/x273/456.p/112', 'entries', 273_456, 112],
  ['tile/0/x009/x007/x199/x254/x740/991', 0, Number.MAX_SAFE_INTEGER, 256],
]

describe('tilePath, entriesPath and parseTilePath', () => {
  it.each(PATHS)('agree on %s', (path, level, index, width) => {
    expect(level === 'entries' ? entriesPath(index, width) : tilePath(level, index, width)).toBe(path)
    expect(parseTilePath(path)).toEqual({ level, index, width })
  })

  it('mean a full tile where no width is given', () => {
    expect(TILE_WIDTH).toBe(256)
    expect(tilePath(2, 5)).toBe('tile/2/005')
    expect(entriesPath(5)).toBe('tile/entries/005')
  })

  it.each([
    '',
    'tile/0/0',
    'tile/0/00',
    'tile/0/0000',
    'tile/0/x000/067',
    'tile/0/001/067',
    'tile/0/x001',
    'tile/0/x001/x067',
    'tile/00/067',
    'tile/64/067',
    'tile/-1/067',
    'tile/8/0/067',
    'tile/entry/067',
    'tile/data/067',
    'tile/0/067.p/0',
    'tile/0/067.p/01',
    'tile/0/067.p/256',
    'tile/0/067.p/',
    'tile/0/067.p',
    'tile/0/067/',
    '/tile/0/067',
    'tile/0/067\n',
    'tile/0/../067',
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/0/x001/x009/x007/x199/x254/x740/991',
  ])('parseTilePath refuses %j', (path) => expect(parseTilePath(path)).toBeNull())

  it.each([
    [-1, 0, 256],
    [64, 0, 256],
    [0.5, 0, 256],
    [0, -1, 256],
    [0, 2 ** 53, 256],
    [0, 0, 0],
    [0, 0, 257],
    [0, 0, 1.5],
  ])('tilePath refuses level %s, index %s, width %s', (level, index, width) => {
    expect(() => tilePath(level, index, width)).toThrow(RangeError)
  })
})

describe('tileOfNode and nodeFromTile', () => {
  it.each([
    [0, 0, { tileLevel: 0, tileIndex: 0, offset: 0, height: 0 }],
    [0, 70_000, { tileLevel: 0, tileIndex: 273, offset: 112, height: 0 }],
    [3, 33, { tileLevel: 0, tileIndex: 1, offset: 8, height: 3 }],
    [7, 3, { tileLevel: 0, tileIndex: 1, offset: 128, height: 7 }],
    [8, 1, { tileLevel: 1, tileIndex: 0, offset: 1, height: 0 }],
    [52, 1, { tileLevel: 6, tileIndex: 0, offset: 16, height: 4 }],
    [0, Number.MAX_SAFE_INTEGER, { tileLevel: 0, tileIndex: 2 ** 45 - 1, offset: 255, height: 0 }],
  ])('node %s, %s stands in its tile', (level, index, place) => {
    expect(tileOfNode(level, index)).toEqual(place)
  })

  it('refuse what is no node', () => {
    expect(() => tileOfNode(-1, 0)).toThrow(RangeError)
    expect(() => tileOfNode(0, 0.5)).toThrow(RangeError)
  })

  it('compute a node from the hashes below it, and need all of them', () => {
    const hashes = [0, 1, 2, 3, 4].map((value) => sha256(Uint8Array.of(value)))
    const tile = Buffer.concat(hashes)
    expect(nodeFromTile(sha256, tile, { offset: 4, height: 0 })).toEqual(hashes[4])
    expect(nodeFromTile(sha256, tile, { offset: 2, height: 1 })).toEqual(
      nodeHash(sha256, hashes[2]!, hashes[3]!),
    )
    expect(nodeFromTile(sha256, tile, { offset: 0, height: 2 })).toEqual(
      nodeHash(sha256, nodeHash(sha256, hashes[0]!, hashes[1]!), nodeHash(sha256, hashes[2]!, hashes[3]!)),
    )
    expect(() => nodeFromTile(sha256, tile, { offset: 4, height: 1 })).toThrow(RangeError)
    expect(() => nodeFromTile(sha256, tile, { offset: 5, height: 0 })).toThrow(RangeError)
  })
})

describe('formatEntryBundle', () => {
  it('puts the length before each entry, in two bytes, the higher first', () => {
    const bundle = formatEntryBundle([Buffer.from('ab'), new Uint8Array(0), new Uint8Array(258).fill(7)])
    expect(Buffer.from(bundle).toString('hex')).toBe(`0002616200000102${'07'.repeat(258)}`)
    expect(formatEntryBundle([])).toHaveLength(0)
  })

  it('takes 65,535 bytes and not one more', () => {
    expect(formatEntryBundle([new Uint8Array(65_535)])).toHaveLength(65_537)
    expect(() => formatEntryBundle([new Uint8Array(65_536)])).toThrow(RangeError)
  })
})
