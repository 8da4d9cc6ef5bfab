/** PHP-FPM is not running because it was stopped, ended by itself, or was never started. */
import type { Evidence, Finding } from '@fleetmend/shared'
import { isInUse } from '../../judgement/same-address.ts'
import { instantOf } from '../../judgement/instant.ts'
import { siteEvidence } from '../../judgement/site-evidence.ts'
import { stopStory, type StopStory } from '../../judgement/stop-story.ts'
import { whoDid } from '../../judgement/who-did.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const fpmStopped = defineDiagnosis({
  id: 'fpm-stopped',
  title: 'PHP-FPM is stopped',
  role: 'cause',
  meaning:
    'The service is down without having failed. After a clean stop FPM removes its socket, so nginx answers 502 with ' +
    '"(2: No such file or directory)" while connecting. Somebody may have stopped it on purpose: then it is started ' +
    'only when you say so.',
  judge: (facts) => facts.fpm.flatMap((service) => judgeService(facts, service)),
})

function judgeService(facts: HostFacts, service: FpmFacts): readonly Finding[] {
  const story = stopStory(service)
  if (service.unit.loadState.startsWith('masked') || service.unit.activeState === 'activating') return []
  if (story.how === 'up' || story.how === 'crashed' || !isInUse(facts, service)) return []
  const onPurpose = story.how === 'stopped-on-purpose'
  const who = onPurpose ? whoDid(facts, service.service, stopping, story.askedAtMs) : null
  return [
    {
      diagnosis: 'fpm-stopped',
      role: 'cause',
      subject: { kind: 'service', name: service.service },
      says: sentence(service.service, story, who?.name ?? null),
      evidence: [...storyEvidence(service, story), ...(who?.evidence ?? []), ...siteEvidence(facts, service.pools)],
      remediations: [
        { id: 'start-service', input: { service: service.service, ...(onPurpose ? { startStopped: true } : {}) } },
      ],
    },
  ]
}

/** What stops a service, by hand or in a script. */
const stopping = ['stop', 'disable', 'mask', 'isolate', 'kill']

function sentence(service: string, story: Exclude<StopStory, { how: 'up' | 'crashed' }>, who: string | null): string {
  const when = 'atMs' in story && story.atMs !== null ? ` at ${instantOf(story.atMs)}` : ''
  switch (story.how) {
    case 'never-started':
      return `${service} has not been started since this host booted.`
    case 'stopped-on-purpose':
      return who === null
        ? `${service} was stopped${when} through systemctl, as an operator does it.`
        : `${service} was stopped${when} through systemctl by ${who}.`
    case 'ended-by-itself':
      return `${service} ended by itself${when}, with a clean exit that nobody asked systemd for.`
  }
}

function storyEvidence(service: FpmFacts, story: StopStory): readonly Evidence[] {
  if ('evidence' in story) return story.evidence
  const { unit } = service
  return [
    {
      source: `systemctl show ${unit.service}`,
      says: `${unit.activeState}/${unit.subState}, never started, unit file ${unit.unitFileState}`,
    },
  ]
}
