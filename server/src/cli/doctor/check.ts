/** One thing that was looked at. */
export interface Check {
  readonly status: 'ok' | 'warn' | 'fail'
  readonly subject: string
  readonly detail: string
  /** What to do; null where nothing is wrong. */
  readonly hint: string | null
}

/** Says of one subject how it is. */
export interface Checker {
  ok(detail: string): Check
  warn(detail: string, hint: string): Check
  fail(detail: string, hint: string): Check
}

/** What to say of a subject. */
export function checkerOf(subject: string): Checker {
  return {
    ok: (detail) => ({ status: 'ok', subject, detail, hint: null }),
    warn: (detail, hint) => ({ status: 'warn', subject, detail, hint }),
    fail: (detail, hint) => ({ status: 'fail', subject, detail, hint }),
  }
}
