import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { PROBLEMS } from '@bitting/core'
import { CLIENT_SETTINGS, SETTINGS } from '../server/src/config.js'
import { EVENT_TYPES } from '../server/src/webhooks/lifecycle.js'
import { RETRY_SECONDS } from '../server/src/webhooks/retry-schedule.js'

const root = fileURLToPath(new URL('..', import.meta.url))

function read(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8')
}

/** The files of the project: what git tracks, and what it would. */
function files(...patterns: string[]): string[] {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns]
  return execFileSync('git', list, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean)
}

interface LockedPackage {
  readonly version?: string
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly hasInstallScript?: boolean
}

describe('the house is tidy', () => {
  it('no source file is too long to read in one sitting', () => {
    const long = files('core/src', 'client/src', 'server/src', 'dashboard/src')
      .filter((path) => /\.tsx?$/.test(path))
      .map((path) => ({ path, lines: read(path).split('\n').length }))
      .filter(({ lines }) => lines > 350)
    expect(long).toEqual([])
  })

  it('nothing is left for later in the code', () => {
    const marks = new RegExp(['TO', 'DO|FIX', 'ME|X', 'XX|HA', 'CK'].join(''))
    const left = files('*.ts', '*.mjs', '*.md').filter((path) =>
      new RegExp(`\\b(${marks.source})\\b`).test(read(path)),
    )
    expect(left).toEqual([])
  })

  it('no test is skipped or hides others', () => {
    const hidden = files('test/**/*.ts').filter((path) =>
      /\b(?:it|test|describe)\.(?:skip|only|todo)\b/.test(read(path)),
    )
    expect(hidden).toEqual([])
  })

  it('what users install runs no script of its own, but for one whose script is not needed', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> }
    const withScript = Object.entries(packages)
      .filter(([, it]) => it.hasInstallScript === true && it.dev !== true && it.devOptional !== true)
      .map(([path]) => path)
    // Its binaries are in the package; `npm ci --ignore-scripts` is how every clone installs it.
    expect(withScript).toEqual(['node_modules/@photostructure/sqlite'])
    expect(read('.npmrc')).toContain('ignore-scripts=true')
  })

  it('no file names a registry or a path of somebody’s machine', () => {
    const named = files().filter(
      (path) =>
        path !== 'package-lock.json' &&
        path !== 'test/tidy.test.ts' &&
        /registry\.npmjs\.org|\/home\/[a-z]+\//.test(read(path)),
    )
    expect(named).toEqual([])
  })
})

/** Settings whose default is what another one comes to. */
const ADDRESSES: Readonly<Partial<Record<string, string>>> = {
  BITTING_PUBLIC_URL: 'BITTING_LISTEN',
  BITTING_GATEWAY_PUBLIC_URL: 'BITTING_GATEWAY_LISTEN',
}

describe('the documents and the code agree', () => {
  it('every setting is documented, with its default, and no other', () => {
    const documented = [...read('docs/settings.md').matchAll(/^\| `(BITTING_\w+)` \| (.*?) \|/gm)].map(
      (row) => ({
        name: row[1],
        default: row[2],
      }),
    )
    const expected = Object.entries({ ...SETTINGS, ...CLIENT_SETTINGS }).map(([name, setting]) => ({
      name,
      default:
        ADDRESSES[name] !== undefined
          ? `the address of \`${ADDRESSES[name]}\``
          : setting.default === ''
            ? 'empty'
            : `\`${setting.default}\``,
    }))
    expect(documented.sort(byName)).toEqual(expected.sort(byName))
  })

  it('every problem code is documented with its status, and no other', () => {
    const rows = [...read('docs/problems.md').matchAll(/`(\w+)` \| (\d{3}) \|/g)].map((row) => [
      row[1],
      Number(row[2]),
    ])
    expect(Object.fromEntries(rows)).toEqual(
      Object.fromEntries(Object.entries(PROBLEMS).map(([code, { status }]) => [code, status])),
    )
  })

  it('every problem code is used', () => {
    const sources = files('core/src', 'server/src')
      .filter((path) => path !== 'core/src/problem.ts')
      .map(read)
      .join('\n')
    expect(Object.keys(PROBLEMS).filter((code) => !sources.includes(`'${code}'`))).toEqual([])
  })

  it('every dependency has its line of why', () => {
    const why = read('ARCHITECTURE.md')
    const { dependencies } = JSON.parse(read('server/package.json')) as {
      dependencies: Record<string, string>
    }
    const names = Object.keys(dependencies).filter((name) => !name.startsWith('@bitting/'))
    expect(names.filter((name) => !why.includes(name))).toEqual([])
  })

  it('every path that ARCHITECTURE names exists', () => {
    const tracked = files()
    const paths = [
      ...read('ARCHITECTURE.md').matchAll(
        /`((?:core|client|server|dashboard|catalogs|docs|bench|test|tools)\/[\w./-]*)`/g,
      ),
    ]
      .map((match) => match[1] ?? '')
      .filter((path) => !path.includes('*'))
    expect(paths.filter((path) => !tracked.some((file) => file === path || file.startsWith(path)))).toEqual(
      [],
    )
  })

  it('every event that Bitting sends is documented, and no other', () => {
    const documented = [...read('docs/webhooks.md').matchAll(/^\| `([a-z_]+\.[a-z_]+)` \| (.*?) \|$/gm)]
    expect(documented.map((row) => [row[1], row[2]])).toEqual(Object.entries(EVENT_TYPES))
  })

  it('the retry schedule is documented as it is', () => {
    const row = /^\| after \| at once \| (.*) \|$/m.exec(read('docs/webhooks.md'))?.[1] ?? ''
    const units: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600 }
    const documented = row.split(' | ').map((text) => {
      const [number, unit = ''] = text.split(' ')
      return Number(number) * (units[unit] ?? Number.NaN)
    })
    expect(documented).toEqual(RETRY_SECONDS)
  })

  it('every invariant of the design has its test', () => {
    const numbers = files('test/invariants/*.test.ts').map((path) => Number(/\/(\d+)-/.exec(path)?.[1]))
    expect([...new Set(numbers)].sort((left, right) => left - right)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })
})

function byName(left: { name: string | undefined }, right: { name: string | undefined }): number {
  return (left.name ?? '').localeCompare(right.name ?? '')
}
