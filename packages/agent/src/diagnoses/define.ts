/** What a diagnosis is: an id, words for its page, and a pure judgement over the facts of a host. */
import type { Finding, Role } from '@fleetmend/shared'
import type { Workload } from '../readings/manifests/workload.ts'
import type { HostFacts } from '../survey/host-facts.ts'

/** Over the facts of a host; or over others, for diagnoses of what is no host. */
export interface Diagnosis<Facts = HostFacts> {
  /** Permanent, kebab-case. */
  readonly id: string
  /** Short, fixed words, no names in it. */
  readonly title: string
  /** What its findings usually are; `explain` may turn a cause into a consequence. */
  readonly role: Role
  /** What is wrong, how it shows, and why it fails, for the person who reads its page at 02:00. */
  readonly meaning: string
  judge(facts: Facts): readonly Finding[]
}

export function defineDiagnosis<const D extends Diagnosis>(diagnosis: D): D {
  return diagnosis
}

/** One that is judged over files for containers. */
export type ContainersDiagnosis = Diagnosis<readonly Workload[]>

export function defineContainersDiagnosis<const D extends ContainersDiagnosis>(diagnosis: D): D {
  return diagnosis
}
