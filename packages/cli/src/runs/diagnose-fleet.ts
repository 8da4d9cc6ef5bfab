/** Every host's diagnosis, with how many have answered meanwhile; and what that means for the exit code. */
import { exitCodes, hasFindings, worstExit, type ExitCode, type HostDiagnosis } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import type { Answer, Controller } from '../connection/controller.ts'
import { liveLine } from '../progress/live-line.ts'
import type { Target } from '../words/target.ts'

/** Sorted by host. */
export async function diagnoseFleet(
  { streams }: Pick<Cli, 'streams'>,
  controller: Controller,
  target: Target,
  site?: string,
): Promise<Answer<readonly HostDiagnosis[]>> {
  const input = { target, ...(site === undefined ? {} : { site }) }
  const answers = controller.stream((api) => api.diagnose.subscribe(input))
  const line = liveLine(streams)
  const hosts: HostDiagnosis[] = []
  for (;;) {
    const next = await answers.next()
    if (!next.done) {
      hosts.push(next.value)
      line.show(`${hosts.length === 1 ? 'One host has' : `${hosts.length} hosts have`} answered`)
      continue
    }
    line.clear()
    if (next.value) return next.value
    return { ok: true, value: hosts.toSorted((a, b) => (a.host < b.host ? -1 : 1)) }
  }
}

export function exitOfDiagnoses(hosts: readonly HostDiagnosis[]): ExitCode {
  return worstExit(hosts.map(exitOf))
}

function exitOf(host: HostDiagnosis): ExitCode {
  switch (host.outcome) {
    case 'diagnosed':
      return hasFindings(host) ? exitCodes.findings : exitCodes.done
    case 'refused':
      return exitCodes.refused
    case 'unreachable':
    case 'timed-out':
      return exitCodes.someUnreachable
  }
}
