/**
 * A join token: everything a new host needs to find its controller, to know it again, and to be let in once. Pure text.
 * It is a secret until it is used or has expired.
 */
import * as z from 'zod/mini'
import { Digest } from '../model/ids.ts'
import type { Problem } from '../model/problem.ts'
import { problem } from '../problems.ts'

export const JoinToken = z.strictObject({
  url: z
    .url({ protocol: /^wss$/ })
    .check(z.describe('Where the controller listens for agents, e.g. `wss://controller.example:7443`.')),
  fingerprint: Digest.check(
    z.describe("Of the controller's own certificate authority, so that nobody else can pose as it."),
  ),
  secret: z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/), z.describe('32 random bytes in base64url.')),
})
export type JoinToken = z.infer<typeof JoinToken>

export type JoinTokenRead =
  | { readonly ok: true; readonly value: JoinToken }
  | { readonly ok: false; readonly problem: Problem }

/** Marks the text as a secret of ours, for secret scanners and for people; the digit is the format. */
const prefix = 'fmj1.'

/** A token has some 200 characters; nobody pastes a kilobyte on purpose. */
const maxCharacters = 1024

export function encodeJoinToken(token: JoinToken): string {
  return prefix + Buffer.from(JSON.stringify(JoinToken.parse(token)), 'utf8').toString('base64url')
}

export function decodeJoinToken(text: string): JoinTokenRead {
  const pasted = text.trim()
  if (!pasted.startsWith('fmj')) return refuse('It does not begin with `fmj1.`.')
  if (!pasted.startsWith(prefix))
    return refuse('Its format is not one that this version knows; the controller may be newer than this agent.')
  const body = pasted.slice(prefix.length)
  if (pasted.length > maxCharacters || !/^[A-Za-z0-9_-]+$/.test(body))
    return refuse('It has characters that no token has, or too many.')
  const token = JoinToken.safeParse(parseJson(Buffer.from(body, 'base64url').toString('utf8')))
  return token.success ? { ok: true, value: token.data } : refuse('It is damaged, or a part of it is missing.')
}

// Neither the token nor a part of it is repeated: the message may end up in a log.
function refuse(why: string): JoinTokenRead {
  return {
    ok: false,
    problem: problem(
      'bad-token',
      `Cannot read the join token. ${why}\n\nCopy the whole token, or make a new one on the controller:\n    fleetmend hosts invite`,
    ),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
