/** What the command line ends with. Scripts rely on these numbers: they never change, and `docs/cli.md` lists them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  conflict: 3,
  denied: 4,
  check_failed: 5,
  unauthorised: 6,
  unreachable: 7,
  internal: 70,
} as const

/** One of the numbers that the command line ends with. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
