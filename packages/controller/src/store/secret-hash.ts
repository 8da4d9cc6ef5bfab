/**
 * What is kept of a secret that we made ourselves. One round of SHA-256 is enough: slow hashes with salt protect words
 * that people choose and attackers can guess; 256 random bits can be neither guessed nor looked up in a table.
 */
import { createHash, timingSafeEqual } from 'node:crypto'

export function secretHash(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex')
}

/**
 * Without telling by its time how much of them is alike. A look-up by the hash tells nothing either, since nobody can
 * choose the hash of what they send; this holds whatever the index of the database does.
 */
export function isSameHash(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, 'latin1'), Buffer.from(other, 'latin1')]
  return a.length === b.length && timingSafeEqual(a, b)
}
