/**
 * An API token as text: `fmt_`, 256 random bits in 43 letters and digits, and six more that check them. Pure. The prefix
 * lets secret scanners and people recognise it anywhere, the check catches a slip before anything is sent.
 */
import { createHash } from 'node:crypto'

export const API_TOKEN_BYTES = 32

const prefix = 'fmt_'
// No `-` and no `_`: a double click selects all of it.
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 62^43 is the first power that is more than 2^256. */
const secretDigits = 43
/** Room for 32 bits. */
const checkDigits = 6
const form = new RegExp(`^${prefix}([0-9A-Za-z]{${secretDigits}})([0-9A-Za-z]{${checkDigits}})$`)

/** `secret`: `API_TOKEN_BYTES` random bytes. */
export function encodeApiToken(secret: Uint8Array): string {
  if (secret.length !== API_TOKEN_BYTES)
    throw new TypeError(`An API token is made of ${API_TOKEN_BYTES} bytes. This is a bug.`)
  const body = inDigits(BigInt(`0x${Buffer.from(secret).toString('hex')}`), secretDigits)
  return `${prefix}${body}${checkOf(body)}`
}

/** Whether it is a whole token without a slip. Whether it lets anybody in is known to its controller alone. */
export function isApiToken(text: string): boolean {
  const [, body = '', check = ''] = form.exec(text) ?? []
  return body !== '' && checkOf(body) === check
}

/** It is no part of the secret: whoever has the token can compute it, and it says nothing to others. */
function checkOf(body: string): string {
  const sum = createHash('sha256').update(`${prefix}${body}`, 'latin1').digest().readUInt32BE()
  return inDigits(BigInt(sum), checkDigits)
}

function inDigits(value: bigint, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest /= 62n) text = (digits[Number(rest % 62n)] ?? '') + text
  return text
}
