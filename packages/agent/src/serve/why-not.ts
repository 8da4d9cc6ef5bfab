/** Why this host is not connected, as one line of its log, and whether a person has to do something about it. */
import type { Problem } from '@fleetmend/shared'
import type { ProblemCode } from '@fleetmend/shared/problems'
import { safeLine } from '@fleetmend/shared/views/paint'
import type { Identity } from '../state/identity.ts'
import type { LineOpened } from './controller-line.ts'

/** As long as nobody does something, the answer will be the same. */
const final: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'no-certificate',
  'foreign-certificate',
  'certificate-too-old',
  'host-removed',
  'host-replaced',
  'host-over-ssh',
  'wrong-host',
  'not-spoken-here',
])

export function isFinal({ code }: Problem): boolean {
  return final.has(code)
}

export function whyNot(line: Exclude<LineOpened, { kind: 'open' }>, identity: Identity): string {
  const { url } = identity
  switch (line.kind) {
    case 'turned-away':
      return isFinal(line.problem)
        ? notLetIn(line.problem, identity)
        : `the controller at ${url} does not take connections now: ${safeLine(line.problem.detail)}; trying again`
    case 'not-the-controller':
      return `what answers at ${url} is not the controller of this fleet: ${line.says}; nothing was said to it; trying again. If the controller was set up anew: ${howToEnrol(identity)}`
    case 'not-reached':
      return `no controller answers at ${url}: ${line.says}; trying again`
  }
}

export function notLetIn(told: Problem, identity: Identity): string {
  const upgrade = 'Bring the agent and the controller to versions that know each other.'
  const toDo = told.code === 'not-spoken-here' ? upgrade : howToEnrol(identity)
  return `the controller at ${identity.url} does not let this host in (${told.code}): ${safeLine(told.detail)} ${toDo}`
}

/** With the name, so that it becomes the host that it was, and not another one. */
function howToEnrol({ host }: Identity): string {
  return `To let it in again, run \`fleetmend hosts invite --host ${host}\` where the controller is used, and give the token that it prints to \`fleetmend-agent enrol --again --host ${host} -\` on this host.`
}
