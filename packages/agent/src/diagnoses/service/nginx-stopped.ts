/** nginx is not running. */
import type { Evidence, Finding, SiteProbe } from '@fleetmend/shared'
import { pidFileEvidence } from '../../judgement/down-story.ts'
import { instantOf } from '../../judgement/instant.ts'
import { isNginxDown, startsNginx } from '../../judgement/nginx-down.ts'
import { stopStory, type StopStory, type Stoppable } from '../../judgement/stop-story.ts'
import { stoppingVerbs } from '../../judgement/wanted-down.ts'
import { whoDid } from '../../judgement/who-did.ts'
import { forPeople } from '../../readings/bytes.ts'
import type { JournalEntry } from '../../readings/journal.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

export const nginxStopped = defineDiagnosis({
  id: 'nginx-stopped',
  title: 'nginx is not running',
  role: 'cause',
  meaning:
    'Nobody listens on the ports of the sites, so visitors get no answer at all, "connection refused", and no 502: whoever ' +
    'reports a 502 then has a proxy in front. It was stopped, it died, it was never started, or it could not start ' +
    'because another program, often a second web server, holds its port.',
  judge: (facts) => {
    const { unit, journal } = facts.nginx
    if (!isNginxDown(facts)) return []
    if (!unit) return [withoutUnit(facts)]
    const service: Stoppable = { service: 'nginx', unit, journal }
    const story = stopStory(service)
    if (story.how === 'up') return []
    const masked = unit.loadState.startsWith('masked')
    const who = story.how === 'stopped-on-purpose' ? whoDid(facts, 'nginx', stoppingVerbs, story.askedAtMs) : null
    const refused = story.how === 'crashed' ? lastStart(service) : []
    return [
      {
        diagnosis: 'nginx-stopped',
        role: 'cause',
        subject: { kind: 'service', name: 'nginx' },
        says: sentence(story, who?.name ?? null, refused[0]),
        evidence: [
          ...('evidence' in story ? story.evidence : [stateEvidence(unit)]),
          ...(masked ? [stateEvidence(unit)] : []),
          ...refused.slice(0, 2).map((entry) => lineEvidence(entry)),
          ...(who?.evidence ?? []),
          ...probeEvidence(facts),
        ],
        ...whatToDo(story, masked, refused),
      },
    ]
  },
})

/** Its log does not tell of an end, at the level it has unless it is told otherwise. */
function withoutUnit(facts: HostFacts): Finding {
  const { pidFile } = facts.nginx
  return {
    diagnosis: 'nginx-stopped',
    role: 'cause',
    subject: { kind: 'service', name: 'nginx' },
    says: pidFile
      ? `nginx died without a word: it does not run, and its pid file still names process ${pidFile.pid}.`
      : 'nginx is not running; what ended it, if it ever ran, left no trace.',
    evidence: [
      { source: '/proc', says: 'no process "nginx: master process"' },
      ...(pidFile ? [pidFileEvidence(pidFile)] : []),
      ...probeEvidence(facts),
    ],
    remediations: [],
    withoutRemediation: `See that \`nginx -t\` passes, then start it with what runs it here (its init script, its supervisor, its container), or \`${startsNginx(facts)}\`.`,
  }
}

type DownStory = Exclude<StopStory, { how: 'up' }>

function sentence(story: DownStory, who: string | null, refused: JournalEntry | undefined): string {
  const when = 'atMs' in story && story.atMs !== null ? ` at ${instantOf(story.atMs)}` : ''
  switch (story.how) {
    case 'never-started':
      return 'nginx has not been started since this host booted.'
    case 'stopped-on-purpose':
      return who === null
        ? `nginx was stopped${when} through systemctl, as an operator does it.`
        : `nginx was stopped${when} through systemctl by ${who}.`
    case 'ended-by-itself':
      return `nginx ended by itself${when}, with a clean exit that nobody asked systemd for.`
    case 'crashed':
      return refused
        ? `nginx is down and could not start${when}: ${reason(refused)}.`
        : `nginx ${story.says}${when}, and is down.`
  }
}

function whatToDo(
  { how }: DownStory,
  masked: boolean,
  refused: readonly JournalEntry[],
): Pick<Finding, 'remediations' | 'withoutRemediation'> {
  if (masked) return { remediations: [{ id: 'unmask-service', input: { service: 'nginx', startStopped: true } }] }
  if (refused.some(({ message }) => /bind\(\) to .* failed \(98:/.test(message)))
    return {
      remediations: [],
      withoutRemediation:
        'See who holds the port (`ss -ltnp`); stop that one if nginx should have it, then `fleetmend-agent plan ' +
        'start-service --input service=nginx`.',
    }
  const consent = how === 'stopped-on-purpose' ? { startStopped: true } : {}
  return { remediations: [{ id: 'start-service', input: { service: 'nginx', ...consent } }] }
}

/** What nginx itself said at the newest attempt to start it. */
function lastStart({ journal }: Stoppable): readonly JournalEntry[] {
  if (!journal.ok) return []
  const begun = journal.value.findLastIndex(
    ({ identifier, message }) => identifier === 'systemd' && message.startsWith('Starting '),
  )
  return journal.value
    .slice(Math.max(0, begun))
    .filter(({ identifier, message }) => identifier !== 'systemd' && message.includes('[emerg]'))
}

function reason({ message }: JournalEntry): string {
  return forPeople(message).replace(/^.*?\[emerg\] (?:\d+#\d+: )?/, '')
}

function lineEvidence(entry: JournalEntry): Evidence {
  return { source: 'journalctl -u nginx', says: forPeople(entry.message), at: instantOf(entry.atMs) }
}

function stateEvidence(unit: Stoppable['unit']): Evidence {
  const { activeState, subState, loadState, unitFileState } = unit
  return {
    source: 'systemctl show nginx',
    says: `${loadState}, ${activeState}/${subState}, unit file ${unitFileState}`,
  }
}

function probeEvidence({ nginx }: HostFacts): readonly Evidence[] {
  if (!nginx.sites.ok) return []
  const failing: readonly SiteProbe[] = nginx.sites.value
    .flatMap(({ probes }) => probes)
    .filter(({ over, passed }) => over === 'http' && !passed)
  return failing.slice(0, 3).map(({ site, says }) => ({ source: `request to ${site} through nginx`, says }))
}
