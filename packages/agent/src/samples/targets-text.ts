/** What there is to sample, as one process of the agent tells another. */
import type { SampleTargets } from '../survey/sample-targets.ts'

export function targetsText({ services, accessLogs, isAllThere }: SampleTargets): string {
  return JSON.stringify({ services, accessLogs: [...accessLogs], isAllThere })
}

/** Throws when it is no such text. */
export function readTargets(text: string): SampleTargets {
  const { services, accessLogs, isAllThere } = JSON.parse(text) as {
    readonly services: SampleTargets['services']
    readonly accessLogs: readonly (readonly [string, string])[]
    readonly isAllThere: boolean
  }
  return { services, accessLogs: new Map(accessLogs), isAllThere }
}
