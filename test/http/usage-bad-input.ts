import { LONG_ID, REQUEST, type BadInput } from './bad-values.js'

const RANGES: readonly BadInput[] = [
  ...['since', 'until'].flatMap((name) =>
    ['yesterday', '2027-01-31', '2027-02-30T00:00:00Z', '0', ''].map((time) => ({
      what: `${name} ${time}`,
      query: `?${name}=${time}`,
      field: name,
      ...REQUEST,
    })),
  ),
  { what: 'an unknown step', query: '?step=minute', field: 'step', ...REQUEST },
  { what: 'an unknown member', query: '?to=1', field: 'to', ...REQUEST },
]

/** The flaws of the operations on use. */
export const USAGE_BAD_INPUTS: Readonly<Record<string, readonly BadInput[]>> = {
  getKeyUsage: [...RANGES, LONG_ID],
  getUsage: RANGES,
  getAttention: [],
}
