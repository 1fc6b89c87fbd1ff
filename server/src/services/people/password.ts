import { hash, verify } from '@node-rs/argon2'
import { ProblemError } from '@bitting/core'
import { Limiter } from '../limiter.js'

/** Characters of a password (NIST SP 800-63B-4 Section 3.1.1 asks for at least 15 where it is the only factor, 8 beside another). */
export const PASSWORD_LENGTH = { min: 12, max: 256 } as const

/** Argon2id with 19 MiB, two passes and one lane: the first choice of the OWASP Password Storage Cheat Sheet. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** What stands in most lists of leaked passwords; digits and marks behind it make it no better. */
const COMMON =
  /password|passwort|qwert[zy]?|asdf(?:gh)?|letmein|welcome|iloveyou|admin|bitting|changeme|secret|dragon|monkey|football|123\d*|[\s!?.,_-]/gu

/** Few at a time: hashing shares its threads with the disk, which recorded calls wait for. */
const HASHING = new Limiter({
  running: 2,
  waiting: 64,
  refusal: 'Too many people sign in at once. Try again in a moment.',
})

/** What an unknown account's password is compared with, so that it takes as long as a known one's. */
let nobodys: Promise<string> | null = null

/**
 * Hashes a password for keeping.
 *
 * @throws {ProblemError} too_busy
 */
export async function hashPassword(password: string): Promise<string> {
  return HASHING.run('password', () => hash(password.normalize('NFKC'), COST))
}

/**
 * Says whether a password is the one that was hashed. Takes as long where there is none.
 *
 * @throws {ProblemError} too_busy
 */
export async function verifyPassword(kept: string | null, password: string): Promise<boolean> {
  // Made by whoever comes first, known or not, and not when the program starts: most commands need none.
  nobodys ??= hash('nobody has this password', COST)
  const other = await nobodys
  return HASHING.run(
    'password',
    async () => (await verify(kept ?? other, password.normalize('NFKC'))) && kept !== null,
  )
}

/**
 * Refuses passwords that are guessed first: too short, or made of the person's own address or name.
 *
 * @throws {ProblemError} invalid_body
 */
export function checkPassword(
  password: string,
  person: { readonly email: string; readonly name: string },
): void {
  const flaw = passwordFlaw(password, person)
  if (flaw === null) return
  throw new ProblemError('invalid_body', `The password ${flaw}.`, {
    errors: [{ field: 'password', message: flaw }],
  })
}

function passwordFlaw(password: string, { email, name }: { email: string; name: string }): string | null {
  // Code points, as NIST SP 800-63B-4 counts them.
  const { length } = Array.from(password)
  if (length < PASSWORD_LENGTH.min) return `must have at least ${String(PASSWORD_LENGTH.min)} characters`
  if (length > PASSWORD_LENGTH.max) return `must have at most ${String(PASSWORD_LENGTH.max)} characters`
  if (new Set(password).size < 5) return 'must not repeat a few characters'
  const plain = password.toLowerCase()
  if (/^(.+)\1+$/.test(plain)) return 'must not repeat itself'
  if (plain.replace(COMMON, '').length < 6) return 'must not be made of words that everybody tries first'
  const own = [email, email.split('@')[0] ?? '', name.toLowerCase()].filter((text) => text.length >= 4)
  if (own.some((text) => plain.includes(text) && plain.length - text.length < 8)) {
    return 'must not be made of your name or address'
  }
  return null
}
