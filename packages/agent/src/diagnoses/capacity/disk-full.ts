/** A file system is full that nginx or PHP-FPM must write to. */
import type { Finding } from '@fleetmend/shared'
import { instantOf } from '../../judgement/instant.ts'
import { newestMs, standingErrors } from '../../judgement/standing-errors.ts'
import type { NeededDisk } from '../../survey/capacity-facts.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { defineDiagnosis } from '../define.ts'

const recentMs = 2 * 60_000
/** No service can do anything with less, and a full file system rarely has exactly none. */
const leastBytes = 256 * 1024

export const diskFull = defineDiagnosis({
  id: 'disk-full',
  title: 'A disk is full',
  role: 'cause',
  meaning:
    'Nothing more can be written where nginx or PHP-FPM must write. Without room for bodies, nginx answers uploads with 500 ' +
    'and cuts big pages short, "(28: No space left on device)". Without room in /run or for the log, what runs goes on, ' +
    'but PHP-FPM cannot start again. Inodes run out like bytes do.',
  judge,
})

interface FullDisk {
  readonly mountedAt: string
  readonly needs: readonly [NeededDisk, ...NeededDisk[]]
}

function judge(facts: HostFacts): readonly Finding[] {
  return fullDisks(facts).map((disk) => judgeDisk(facts, disk))
}

function fullDisks({ capacity }: HostFacts): readonly FullDisk[] {
  if (!capacity.disks.ok) return []
  const full = capacity.disks.value.filter(({ freeBytes, freeInodes }) => freeBytes < leastBytes || freeInodes === 0)
  return [...Map.groupBy(full, ({ mountedAt }) => mountedAt)].flatMap(([mountedAt, [first, ...more]]) =>
    first ? [{ mountedAt, needs: [first, ...more] as const }] : [],
  )
}

function judgeDisk(facts: HostFacts, { mountedAt, needs }: FullDisk): Finding {
  const [first] = needs
  const lacks = first.freeInodes === 0 ? 'inode' : 'byte'
  const kept = facts.fpm.find(({ service, master }) => !master && needs.some((need) => need.service === service))
  const errors = standingErrors(facts, ['other'], recentMs).filter(({ errno }) => errno === 28)
  const bodies = needs.find(({ use }) => use === 'bodies')
  const isFailing = kept !== undefined || bodies !== undefined || errors.length > 0
  const hurt = kept
    ? `${kept.service} cannot start`
    : bodies
      ? 'nginx cannot keep big requests and answers'
      : `${first.service} cannot ${first.use === 'log' ? 'write its log' : 'make its socket'}`
  return {
    diagnosis: 'disk-full',
    role: isFailing ? 'cause' : 'risk',
    subject: { kind: 'service', name: kept?.service ?? bodies?.service ?? first.service },
    says: `${mountedAt} has no ${lacks} left, and ${hurt}.`,
    evidence: [
      {
        source: `df ${mountedAt} and df -i ${mountedAt}`,
        says: `${first.freeBytes} of ${first.sizeBytes} bytes free${first.freeInodes === null ? '' : `, ${first.freeInodes} inodes free`}`,
      },
      ...needs.map(({ service, use, path }) => ({ source: path, says: `${purposes[use]} of ${service}` })),
      ...(errors.length === 0
        ? []
        : [
            {
              source: 'nginx error log',
              says: `${errors.length} × (28: No space left on device) in the last 2 minutes`,
              at: instantOf(newestMs(errors)),
            },
          ]),
    ],
    remediations: [],
    withoutRemediation: makeRoom(mountedAt, lacks, kept?.service ?? null),
  }
}

function makeRoom(mountedAt: string, lacks: 'inode' | 'byte', down: string | null): string {
  const find =
    lacks === 'inode'
      ? `\`du -x --inodes ${mountedAt} | sort -n | tail\` shows where the many files are`
      : `\`du -xh ${mountedAt} | sort -h | tail\` shows what fills it, \`lsof +L1 ${mountedAt}\` what is deleted and still held open`
  const start = down === null ? '' : ` Then \`fleetmend-agent plan start-service --input service=${down}\`.`
  return (
    `Make room: ${find}; old logs first (\`journalctl --vacuum-size=200M\`, \`logrotate --force /etc/logrotate.conf\`). ` +
    `Restart nothing before that: what runs now goes on, what is stopped does not come up.${start}`
  )
}

const purposes: Readonly<Record<NeededDisk['use'], string>> = {
  bodies: 'bodies of requests and answers',
  log: 'the log',
  runtime: 'the socket',
}
