/** All workers that the pools may have, at their peaks, need more memory than there is. */
import type { Finding } from '@fleetmend/shared'
import { fittingInput } from '../../judgement/fitting-size.ts'
import { killedForMemory } from '../../judgement/killed-for-memory.ts'
import { worstCases, type WorstCase } from '../../judgement/worst-case.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const poolTooLarge = defineDiagnosis({
  id: 'pool-too-large',
  title: 'The pools may need more memory than there is',
  role: 'risk',
  meaning:
    'pm.max_children of all pools, times what a worker of each has needed at its peak, exceeds what the host, or a limit ' +
    'above the service, can give. Nothing shows until all are busy at once, which is when it hurts: the kernel then kills ' +
    'workers, or the database beside them. When memory is out right now, it is the cause.',
  judge: (facts) => worstCases(facts).map((worst) => findingOf(facts, worst)),
})

function findingOf(facts: HostFacts, worst: WorstCase): Finding {
  const { service, needsMiB, holdsMiB, limitedBy, arithmetic, largest } = worst
  // Where the kernel has killed already, that is what is said first, and this is why it goes on.
  const isOut = worst.isOut && killedForMemory(facts, service) === null
  const fits = fittingInput(facts, worst)
  return {
    diagnosis: 'pool-too-large',
    role: isOut ? 'cause' : 'risk',
    subject: { kind: 'service', name: service.service },
    says: `With all workers busy, ${arithmetic.length === 1 ? largest.subject : 'the pools'} can need ${needsMiB} MiB, and ${limitedBy} ${holdsMiB} MiB.`,
    evidence: [
      ...arithmetic.map((says) => ({ source: 'pm.max_children, and VmHWM of the workers', says })),
      { source: worst.source, says: worst.says },
    ],
    ...(fits === null
      ? { remediations: [], withoutRemediation: toDo(service, largest.subject) }
      : { remediations: [{ id: 'tune-pool', input: { ...fits } }] }),
  }
}

function toDo({ service }: FpmFacts, subject: string): string {
  return (
    'No sensible number of workers fits. Give it more memory ' +
    `(\`free -m\`; a limit of its own: \`systemctl show -p MemoryMax ${service}\`), or lower what one request of ${subject} may ` +
    'take (`php_admin_value[memory_limit]`), and look again: `fleetmend-agent diagnose`.'
  )
}
