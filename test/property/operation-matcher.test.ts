import { OperationMatcher, parseRequestTarget, type Operation } from '@bitting/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const literal = fc.constantFrom('a', 'A', 'b', 'c', 'a.b', 'a;b', '%61', 'ab')
const templateSegment = fc.oneof({ weight: 2, arbitrary: literal }, fc.constant('{x}'))
const template = fc
  .tuple(fc.array(templateSegment, { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([segments, slash]) => `/${segments.join('/')}${slash ? '/' : ''}`)
const method = fc.constantFrom('GET', 'POST', 'HEAD')
const operations = fc
  .uniqueArray(fc.tuple(fc.constantFrom('GET', 'POST'), template), {
    selector: ([verb, path]) => `${verb} ${path}`,
    maxLength: 12,
  })
  .map((pairs) => pairs.map(([verb, path]) => operation(verb, path)))
const pathSegment = fc.oneof(
  { weight: 4, arbitrary: literal },
  fc.constantFrom('', 'B', 'z', 'a%', 'a.json', 'B;x', '%62', '%C3%A9', '%ff', '..'),
)
const path = fc.array(pathSegment, { minLength: 1, maxLength: 5 }).map((segments) => `/${segments.join('/')}`)

function operation(verb: string, path: string): Operation {
  const name = `${verb} ${path}`
  return { name, method: verb, template: path, requirement: { kind: 'any' }, permissionIndex: -1, rank: 0 }
}

const EXACT = 0
const LOOKALIKE = 1
const PARAMETER = 2

function normal(segment: string): string {
  try {
    return decodeURIComponent(segment).toLowerCase()
  } catch {
    return segment.toLowerCase()
  }
}

/** How each segment of a template takes the path's, null where one does not. */
function fitOf(template: string, path: string): number[] | null {
  const wanted = template.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return null
  const fit = wanted.map((segment, index) => {
    const actual = given[index] ?? ''
    if (segment.startsWith('{')) return actual === '' ? -1 : PARAMETER
    if (segment === actual) return EXACT
    const withoutSuffix = /^[^.;]+/.exec(normal(actual))?.[0]
    return [normal(actual), withoutSuffix].includes(normal(segment)) ? LOOKALIKE : -1
  })
  return fit.includes(-1) ? null : fit
}

/** The matcher as its description says it: every template in turn, the most literal from the left wins. */
function referenceMatch(all: readonly Operation[], verb: string, path: string): Operation | null {
  const fits = all
    .filter((it) => it.method === (verb === 'HEAD' ? 'GET' : verb))
    .map((it) => ({ operation: it, fit: fitOf(it.template, path) }))
    .filter(({ fit }) => fit !== null)
    .sort((left, right) => (String(left.fit) < String(right.fit) ? -1 : 1))
  const [best] = fits
  return best === undefined || best.fit?.includes(LOOKALIKE) === true ? null : best.operation
}

describe('OperationMatcher', () => {
  it('equals the reference that tries every template', () => {
    fc.assert(
      fc.property(operations, method, path, (all, verb, text) => {
        expect(new OperationMatcher(all).match(verb, text)).toBe(referenceMatch(all, verb, text))
      }),
      { numRuns: 10_000 },
    )
  })

  it('does not depend on the order of the operations', () => {
    fc.assert(
      fc.property(operations, method, path, (all, verb, text) => {
        const forward = new OperationMatcher(all).match(verb, text)
        expect(new OperationMatcher(all.toReversed()).match(verb, text)).toBe(forward)
      }),
    )
  })

  it('finds every operation by a path made from its template', () => {
    fc.assert(
      fc.property(operations, (all) => {
        const matcher = new OperationMatcher(all)
        for (const it of all) {
          expect(matcher.match(it.method, it.template.replaceAll('{x}', 'zz'))).toBe(it)
        }
      }),
    )
  })
})

/** Pieces of attacks and of ordinary paths, so that dangerous neighbours come up often. */
const piece = fc.constantFrom(
  ...[
    '/',
    '/',
    '.',
    '..',
    ';',
    '\\',
    '%',
    '%25',
    '25',
    '2f',
    '2F',
    '2e',
    '5c',
    '3b',
    '%2e',
    '%2E',
    '%2f',
    '%5C',
    '%3b',
    '00',
  ],
  ...[
    '%00',
    '%7f',
    '%c3%a9',
    '%c0%af',
    '%ff',
    '%41',
    'a',
    'Z',
    '0',
    '-',
    '~',
    '+',
    '?',
    '#',
    ' ',
    '\t',
    'é',
    '\u0000',
  ],
)
const hostileTarget = fc.array(piece, { maxLength: 14 }).map((pieces) => `/${pieces.join('')}`)
const anyTarget = fc.oneof(
  hostileTarget,
  fc.string(),
  fc.webPath().map((text) => `/${text}`),
)

function decodeLeniently(text: string): string {
  return text.replaceAll(/(?:%[\da-f]{2})+/gi, (run) => {
    const bytes = run.split('%').slice(1)
    return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 16))).toString('latin1')
  })
}

const CONTROL = /[\u0000-\u001f\u007f]/

describe('parseRequestTarget', () => {
  it('accepts nothing that has a forbidden shape, plain or decoded once or twice', () => {
    fc.assert(
      fc.property(anyTarget, (target) => {
        const parsed = parseRequestTarget(target)
        fc.pre(parsed.ok)
        const once = decodeLeniently(parsed.path)
        for (const text of [parsed.path, once, decodeLeniently(once)]) {
          const segments = text.split('/')
          expect(segments).toHaveLength(parsed.path.split('/').length)
          expect(segments.slice(1, -1)).not.toContain('')
          expect(segments.filter((segment) => /^(?:;|\.{1,2}(?:;|$))/.test(segment))).toEqual([])
          expect(text).not.toMatch(/\\|^[^/]|^\/\//)
          expect(text).not.toMatch(CONTROL)
        }
        expect(parsed.path).toMatch(/^\/[!-~]*$/)
        expect(parsed.path).not.toMatch(/[?#]/)
        expect(() => decodeURIComponent(parsed.path)).not.toThrow()
      }),
      { numRuns: 5000, maxSkipsPerRun: 1000 },
    )
  })

  it('changes no byte: path and query together are the target', () => {
    fc.assert(
      fc.property(anyTarget, (target) => {
        const parsed = parseRequestTarget(target)
        fc.pre(parsed.ok)
        expect(parsed.path + parsed.query).toBe(target)
        expect(parsed.query).toMatch(/^(?:\?[!-~]*)?$/)
      }),
      { numRuns: 5000, maxSkipsPerRun: 1000 },
    )
  })

  it('accepts every identifier that a client encodes, unless it holds a separator, a control or an encoding', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (identifier) => {
        fc.pre(!/[/\\%]|^[.;]/.test(identifier) && !CONTROL.test(identifier))
        expect(parseRequestTarget(`/get-agent/${encodeURIComponent(identifier)}`)).toMatchObject({ ok: true })
      }),
    )
  })
})
