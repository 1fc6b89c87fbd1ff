import { createHash } from 'node:crypto'

/**
 * The SHA-256 of a text in base64url: how tokens and codes are kept that are too random to be guessed back, and by what
 * other texts are found again without being kept.
 */
export function textHash(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
