/** One question to each host that was reached, all at once: what it answered, or why there is no answer. */
import { exitCodes, problem, problemKinds, safeLine, type Problem } from '@fleetmend/shared'
import type { HostSession } from './open-session.ts'
import type { ReachedHost } from './reach-hosts.ts'

export type Answered<Value> = { readonly name: string } & (
  | { readonly ok: true; readonly value: Value; readonly session: HostSession }
  | { readonly ok: false; readonly problem: Problem }
)

/** What an answer must look like: a schema. */
interface Form<Value> {
  safeParse(answer: unknown): { readonly success: true; readonly data: Value } | { readonly success: false }
}

/** `form`: of an answer. Whoever is root on a host can make it say anything. */
export function askHosts<Value>(
  hosts: readonly ReachedHost[],
  form: Form<Value>,
  question: (agent: HostSession['agent']) => Promise<unknown>,
): Promise<readonly Answered<Value>[]> {
  return Promise.all(
    hosts.map(async (host): Promise<Answered<Value>> => {
      if (!host.ok) return host
      const { name, session } = host
      try {
        const parsed = form.safeParse(await question(session.agent))
        if (parsed.success) return { name, session, ok: true, value: parsed.data }
        return { name, ok: false, problem: notBelieved(name, 'what it said has no such form') }
      } catch (error) {
        return { name, ok: false, problem: session.failure(error) }
      }
    }),
  )
}

export function notBelieved(name: string, why: string): Problem {
  return problem('answer-not-believed', `What ${safeLine(name)} answered is not used: ${why}.`)
}

/** As a fleet says it of a host that gave no diagnosis. */
export function outcomeOf({ code }: Problem): 'unreachable' | 'refused' {
  return problemKinds[code].exit === exitCodes.someUnreachable ? 'unreachable' : 'refused'
}
