import { execFileSync } from 'node:child_process'
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FileSink } from '../../server/src/audit/sinks/file-sink.js'
import { LineFile } from '../../server/src/audit/sinks/line-file.js'
import { entries, entry, failureOf, later, temporaryDirectory, type Json } from './sink-fixtures.js'

const ROOMY = { maxBytes: 1_000_000, keep: 3 }
let path: string
let handles: FileHandle

beforeEach(async () => {
  const directory = temporaryDirectory()
  path = join(directory, 'deep', 'audit.jsonl')
  const file = await open(join(directory, 'any'), 'w')
  handles = Object.getPrototypeOf(file)
  await file.close()
})
afterEach(() => {
  vi.restoreAllMocks()
})

function sink(rotation = ROOMY): FileSink {
  const made = new FileSink('file', path, rotation)
  later(() => made.close())
  return made
}

const linesOf = (file: string): Json[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
const indexesOf = (file: string): number[] => linesOf(file).map((line) => line.index)

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}

describe('the file sink', () => {
  it('appends each entry as a line that only the owner can read', async () => {
    const made = sink()
    await made.deliver(entries(2))
    await made.deliver([entry(2)])
    expect(linesOf(path)).toEqual(entries(3))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
  })

  it('has the lines on the disk before it says so', async () => {
    const order: string[] = []
    const { write, datasync } = handles
    vi.spyOn(handles, 'write').mockImplementation(async function (this: FileHandle, ...args: Json[]) {
      const result = await (write as Json).apply(this, args)
      order.push('write')
      return result
    } as Json)
    vi.spyOn(handles, 'datasync').mockImplementation(async function (this: FileHandle) {
      await datasync.call(this)
      order.push('sync')
    })
    await sink().deliver(entries(2))
    order.push('resolved')
    expect(order).toEqual(['write', 'sync', 'resolved'])
  })

  it('rejects when the disk fails, and leaves nothing of the batch that comes again', async () => {
    const made = sink()
    await made.deliver([entry(0)])
    vi.spyOn(handles, 'datasync').mockRejectedValueOnce(Object.assign(new Error('x'), { code: 'EIO' }))
    expect((await failureOf(made.deliver([entry(1), entry(2)]))).code).toBe('EIO')
    expect(indexesOf(path)).toEqual([0])
    await made.deliver([entry(1), entry(2)])
    expect(indexesOf(path)).toEqual([0, 1, 2])
  })

  it('rejects when the disk is full in the middle of a line, and leaves no torn line', async () => {
    const made = sink()
    await made.deliver([entry(0)])
    const { write } = handles
    vi.spyOn(handles, 'write')
      .mockImplementationOnce(function (this: FileHandle, buffer: Buffer) {
        return (write as Json).call(this, buffer, 0, 25)
      } as Json)
      .mockRejectedValueOnce(Object.assign(new Error('x'), { code: 'ENOSPC' }))
    const failure = await failureOf(made.deliver([entry(1)]))
    expect(failure.code).toBe('ENOSPC')
    expect(failure.message).toContain('space')
    expect(indexesOf(path)).toEqual([0])
    await made.deliver([entry(1)])
    expect(indexesOf(path)).toEqual([0, 1])
  })

  it('goes on after a short write', async () => {
    const { write } = handles
    vi.spyOn(handles, 'write').mockImplementationOnce(function (this: FileHandle, buffer: Buffer) {
      return (write as Json).call(this, buffer, 0, 25)
    } as Json)
    await sink().deliver(entries(2))
    expect(linesOf(path)).toEqual(entries(2))
  })

  it('cuts off what a crash left of a line', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(3), fc.constantFrom(0, 1, 70, 65_535, 65_536, 200_000), async (whole, torn) => {
        const directory = temporaryDirectory()
        const file = join(directory, 'a.jsonl')
        const before = entries(whole)
          .map((one) => `${JSON.stringify(one)}\n`)
          .join('')
        writeFileSync(file, before + 'x'.repeat(torn))
        const lines = new LineFile(file)
        await lines.append('{"index":99}\n')
        await lines.close()
        expect(readFileSync(file, 'utf8')).toBe(`${before}{"index":99}\n`)
      }),
      { numRuns: 40 },
    )
  })

  it('begins a new file when the old is full, and keeps as many as it was told', async () => {
    const size = JSON.stringify(entry(0)).length + 20
    const made = sink({ maxBytes: size * 2, keep: 2 })
    for (let index = 0; index < 9; index++) await made.deliver([entry(index)])
    const directory = join(path, '..')
    expect(readdirSync(directory).sort()).toEqual(['audit.jsonl', 'audit.jsonl.1', 'audit.jsonl.2'])
    const kept = [...indexesOf(`${path}.2`), ...indexesOf(`${path}.1`), ...indexesOf(path)]
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, at) => 9 - kept.length + at))
    for (const name of readdirSync(directory)) {
      expect(statSync(join(directory, name)).size).toBeLessThanOrEqual(size * 2)
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600)
    }
  })

  it('counts what the file had before a restart, and takes a batch larger than a file', async () => {
    const size = JSON.stringify(entry(0)).length + 20
    await sink().deliver(entries(2))
    await sink({ maxBytes: size * 2, keep: 5 }).deliver(entries(7, 2))
    expect(indexesOf(`${path}.1`)).toEqual([0, 1])
    expect(indexesOf(path)).toEqual([2, 3, 4, 5, 6, 7, 8])
  })

  it('goes on in a new file when another program moved the old one away', async () => {
    const made = sink()
    await made.deliver([entry(0)])
    renameSync(path, `${path}.moved`)
    await made.deliver([entry(1)])
    expect(indexesOf(`${path}.moved`)).toEqual([0])
    expect(indexesOf(path)).toEqual([1])
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('goes on in the same file when another program emptied it, and counts anew', async () => {
    const size = JSON.stringify(entry(0)).length + 20
    const made = sink({ maxBytes: size * 3, keep: 2 })
    await made.deliver(entries(2))
    truncateSync(path, 0)
    await made.deliver(entries(2, 2))
    expect(indexesOf(path)).toEqual([2, 3])
    expect(readdirSync(join(path, '..'))).toEqual(['audit.jsonl'])
  })

  it('closes after what is under way', async () => {
    const made = sink()
    await made.deliver([entry(0)])
    const under = made.deliver(entries(3, 1))
    await made.close()
    await under
    expect(linesOf(path)).toEqual(entries(4))
    // Linux shows the open files of a process; what is held elsewhere is not looked at.
    const open = existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd') : []
    expect(open.map((one) => linkOf(`/proc/self/fd/${one}`))).not.toContain(path)
  })

  it('takes deliveries that overlap one after another', async () => {
    const made = sink()
    await Promise.all(Array.from({ length: 20 }, (_, at) => made.deliver(entries(5, at * 5))))
    expect(linesOf(path)).toEqual(entries(100))
  })

  it('writes into nothing but an ordinary file', async () => {
    const pipe = join(temporaryDirectory(), 'pipe')
    execFileSync('mkfifo', [pipe])
    const made = new FileSink('pipe', pipe, ROOMY)
    expect((await failureOf(made.deliver([entry(0)]))).code).toBe('not_a_file')
    expect((await failureOf(new FileSink('d', join(pipe, '..'), ROOMY).deliver([entry(0)]))).code).toBe(
      'EISDIR',
    )
  })
})
