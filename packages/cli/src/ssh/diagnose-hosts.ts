/** What is wrong with hosts that were reached over SSH, under the names by which they were reached. */
import { HostDiagnosis } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import { liveLine } from '../progress/live-line.ts'
import { askHosts, outcomeOf } from './ask-hosts.ts'
import type { ReachedHost } from './reach-hosts.ts'

export async function diagnoseHosts(
  { streams }: Pick<Cli, 'streams'>,
  hosts: readonly ReachedHost[],
  site?: string,
): Promise<readonly HostDiagnosis[]> {
  const line = liveLine(streams)
  line.show('Diagnosing')
  const asked = site === undefined ? {} : { site }
  const answers = await askHosts(hosts, HostDiagnosis, (agent) => agent.diagnose.query(asked))
  line.clear()
  return answers.map((each): HostDiagnosis => {
    if (each.ok) return { ...each.value, host: each.name }
    const { title, detail, code } = each.problem
    const nothing = { findings: [], probes: [], couldNotTell: [], tookMs: 0 }
    return { host: each.name, outcome: outcomeOf(each.problem), says: `${title}. ${detail}`, code, ...nothing }
  })
}
