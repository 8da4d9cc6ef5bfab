/** Who asks, known from the connection and never from a message; and whether they may. */
import { problem, type ApiTokenView, type Powers, type Problem, type Whoami } from '@fleetmend/shared'
import { rolesFor } from './roles.ts'

export interface Caller {
  /** What the history says of who did it. Null: on the socket of the controller's machine, where people say it themselves. */
  readonly name: string | null
  readonly powers: Powers
  readonly token: ApiTokenView | null
  /** Of the session of a console that was made from the token. */
  readonly session: { readonly secretHash: string; readonly expiresAt: string } | null
}

/** Whoever reaches the unix socket is the owner of the process, and could do everything without asking it. */
export const localCaller: Caller = {
  name: null,
  powers: { roles: ['admin'], selector: null, readOnly: false },
  token: null,
  session: null,
}

export function whoamiOf({ name, powers, token }: Caller): Whoami {
  return { name, ...powers, token: token?.id ?? null, expiresAt: token?.expiresAt ?? null }
}

/** Null: they may. */
export function whyNotPermitted(
  { name, powers }: Pick<Caller, 'name' | 'powers'>,
  { path, type }: { readonly path: string; readonly type: 'query' | 'mutation' | 'subscription' },
): Problem | null {
  const roles = rolesFor(path)
  const who = `You are ${name ?? 'on the controller itself'}, with the role ${powers.roles.join(' and ')}.`
  if (!powers.roles.some((role) => roles.includes(role))) {
    const takes = roles.length === 0 ? 'nobody may do it' : `it takes ${roles.join(' or ')}`
    return refuse(`${who} That does not allow ${path}: ${takes}.`)
  }
  if (powers.readOnly && type === 'mutation')
    return refuse(`${who} This token may only look, and ${path} changes something.`)
  return null
}

function refuse(why: string): Problem {
  return problem(
    'not-permitted',
    `${why} Nothing was done.\n\nAn admin of the fleet can make a token that allows it; on the controller's machine:\n    fleetmend tokens create --help`,
  )
}
