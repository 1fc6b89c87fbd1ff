import { problemDocument, ProblemError, PROBLEMS, type ProblemCode } from '@bitting/core'
import { describe, expect, it } from 'vitest'

const CODES = Object.keys(PROBLEMS) as ProblemCode[]

describe('PROBLEMS', () => {
  it.each(CODES)('%s has a name in snake_case, an error status and a title that is a phrase', (code) => {
    const { status, title } = PROBLEMS[code]
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect(Number.isInteger(status) && status >= 400 && status <= 599).toBe(true)
    expect(title).toMatch(/^[A-Z][^.]{7,}$/)
  })

  it('has no two problems of one title', () => {
    expect(new Set(CODES.map((code) => PROBLEMS[code].title)).size).toBe(CODES.length)
  })
})

describe('ProblemError', () => {
  it.each(CODES)('of %s has its status, its detail as message, and nothing else by itself', (code) => {
    const problem = new ProblemError(code, 'Do this.')
    expect(problem).toBeInstanceOf(Error)
    expect(problem).toMatchObject({
      name: 'ProblemError',
      code,
      message: 'Do this.',
      errors: [],
      members: {},
    })
    expect(problem.status).toBe(PROBLEMS[code].status)
    expect(Object.hasOwn(problem, 'cause')).toBe(false)
  })

  it('keeps its cause for the log', () => {
    const cause = new Error('disk full')
    expect(new ProblemError('internal', 'Try again.', { cause }).cause).toBe(cause)
  })
})

describe('problemDocument', () => {
  it.each(CODES)('of %s has exactly the members of RFC 9457 and the code', (code) => {
    expect(problemDocument(new ProblemError(code, 'Do this.'))).toEqual({
      type: `/docs/problems#${code}`,
      title: PROBLEMS[code].title,
      status: PROBLEMS[code].status,
      detail: 'Do this.',
      code,
    })
  })

  it('carries the errors of fields and further members', () => {
    const errors = [{ field: 'name', message: 'is missing' }]
    const problem = new ProblemError('invalid_body', 'Fix it.', { errors, members: { retry_after: 3 } })
    expect(problemDocument(problem)).toMatchObject({ code: 'invalid_body', errors, retry_after: 3 })
  })

  it('cannot have its own members overwritten by further ones', () => {
    const members = { type: 'x', title: 'x', status: 200, detail: 'x', code: 'x', errors: 'x', extra: 'kept' }
    const problem = new ProblemError('not_found', 'Nothing.', {
      errors: [{ field: 'id', message: 'no' }],
      members,
    })
    expect(problemDocument(problem)).toEqual({
      type: '/docs/problems#not_found',
      title: PROBLEMS.not_found.title,
      status: 404,
      detail: 'Nothing.',
      code: 'not_found',
      errors: [{ field: 'id', message: 'no' }],
      extra: 'kept',
    })
  })

  it('shows neither the cause nor the stack', () => {
    const problem = new ProblemError('internal', 'Try again.', { cause: new Error('canary of the cause') })
    const text = JSON.stringify(problemDocument(problem))
    expect(text).not.toContain('canary')
    expect(text).not.toContain('problem.test')
  })
})
