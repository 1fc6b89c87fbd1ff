/** What a stand-in answers with. */
export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** The body of a request, empty where there is none. */
export type Body = Readonly<Record<string, unknown>>

/** A refusal as the management API words it; `members` stand beside the usual ones. */
export function problem(
  status: number,
  code: string,
  detail: string,
  errors?: readonly object[],
  members: object = {},
): Answer {
  return {
    status,
    body: { type: `/docs/problems#${code}`, title: code, status, detail, code, errors, ...members },
  }
}
