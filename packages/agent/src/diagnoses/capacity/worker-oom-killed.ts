/** The kernel killed a worker of PHP, because memory was out. */
import type { Finding } from '@fleetmend/shared'
import { fittingInput } from '../../judgement/fitting-size.ts'
import { killedForMemory } from '../../judgement/killed-for-memory.ts'
import { isInUse } from '../../judgement/same-address.ts'
import { worstCases } from '../../judgement/worst-case.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const workerOomKilled = defineDiagnosis({
  id: 'worker-oom-killed',
  title: 'The kernel kills workers for memory',
  role: 'cause',
  meaning:
    'Memory was out, of the host or of a limit above the service, and the kernel ended the worker that held most: its ' +
    'request is a 502 "(104: Connection reset by peer)". FPM only logs signal 9, which people send, too: this is said ' +
    "only with the kernel's own word. Either one request needs more than there is, or all workers together do.",
  judge: (facts) => facts.fpm.flatMap((service) => judgeService(facts, service)),
})

function judgeService(facts: HostFacts, service: FpmFacts): readonly Finding[] {
  const killed = isInUse(facts, service) ? killedForMemory(facts, service) : null
  if (!killed) return []
  const { deaths, limitMiB, evidence } = killed
  const name = service.service
  const pools = [...new Set(deaths.map(({ pool }) => pool))].join(', ')
  const whose = limitMiB === null ? 'the memory of this host' : `the memory limit of ${limitMiB} MiB`
  return [
    {
      diagnosis: 'worker-oom-killed',
      role: 'cause',
      subject: { kind: 'service', name },
      says: `The kernel killed ${deaths.length === 1 ? 'a worker' : `${deaths.length} workers`} of ${name} (${pools}) for ${whose}.`,
      evidence: [...evidence],
      remediations: worstCases(facts)
        .filter((worst) => worst.service === service)
        .flatMap((worst) => fittingInput(facts, worst) ?? [])
        .map((input) => ({ id: 'tune-pool', input: { ...input } })),
      withoutRemediation: toDo(service, limitMiB),
    },
  ]
}

function toDo({ service, pools }: FpmFacts, limitMiB: number | null): string {
  const [largest] = pools.toSorted((a, b) => (b.maxChildren ?? 0) - (a.maxChildren ?? 0))
  const fewer = Math.max(1, Math.floor((largest?.maxChildren ?? 2) / 2))
  const room =
    limitMiB === null
      ? `give the host more memory, or let fewer workers run: \`fleetmend-agent plan tune-pool --input pool=${largest?.subject} --input maxChildren=${fewer}\``
      : `raise the limit: \`systemctl set-property ${service} MemoryMax=${Math.ceil(limitMiB * 1.5)}M\`, which holds at once and restarts nothing`
  return `See who held how much when the kernel chose: \`journalctl -k --no-pager | grep -iE -A30 "invoked oom-killer" | tail -60\`. Find what the requests need (memory_limit, what changed last), then ${room}.`
}
