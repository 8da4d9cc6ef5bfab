/** Which finding explains which, so that one cause is not reported as five. Reads like the chapter it replaces. */
import type { Finding } from '@fleetmend/shared'

export interface Explanation {
  readonly finding: string
  readonly by: string
  readonly why: string
}

/** Both must be about the same pool, or one about its service. */
export const explanations: readonly Explanation[] = [
  {
    finding: 'fpm-crashed',
    by: 'fpm-config-invalid',
    why: 'a master that meets a bad line exits with 78, which systemd counts as a failure',
  },
  { finding: 'fpm-stopped', by: 'fpm-config-invalid', why: 'it cannot be started while the configuration is refused' },
  {
    finding: 'fpm-crashed',
    by: 'fpm-cannot-start',
    why: 'a start that meets an obstacle ends as a failure of the unit',
  },
  { finding: 'fpm-stopped', by: 'fpm-cannot-start', why: 'it cannot be started while something it needs is missing' },
  {
    finding: 'fpm-cannot-start',
    by: 'selinux-denied',
    why: 'what it may not do is what a start takes',
  },
  { finding: 'fpm-crashed', by: 'selinux-denied', why: 'a start that is forbidden ends as a failure of the unit' },
  { finding: 'fpm-start-limit-hit', by: 'selinux-denied', why: 'every start was forbidden the same' },
  {
    finding: 'fpm-cannot-start',
    by: 'apparmor-denied',
    why: 'what it may not do is what a start takes',
  },
  { finding: 'fpm-crashed', by: 'apparmor-denied', why: 'a start that is forbidden ends as a failure of the unit' },
  { finding: 'fpm-start-limit-hit', by: 'apparmor-denied', why: 'every start was forbidden the same' },
  { finding: 'fpm-crashed', by: 'fpm-oom-stopped', why: 'memory is why it ended' },
  {
    finding: 'worker-oom-killed',
    by: 'fpm-oom-stopped',
    why: 'it is the same kill, which systemd answered by stopping all of the service',
  },
  {
    finding: 'fpm-start-limit-hit',
    by: 'fpm-config-invalid',
    why: 'every start of systemd met the same bad line, until it gave up',
  },
  { finding: 'fpm-start-limit-hit', by: 'fpm-cannot-start', why: 'every start met the same obstacle' },
  { finding: 'fpm-start-limit-hit', by: 'fpm-oom-stopped', why: 'it ran out of memory after every start' },
  { finding: 'fpm-crashed', by: 'fpm-start-limit-hit', why: 'it died as often as systemd was ready to start it again' },
  { finding: 'fpm-stopped', by: 'fpm-disabled', why: 'nothing was to start it at boot' },
  {
    finding: 'nginx-stopped',
    by: 'nginx-config-invalid',
    why: 'it cannot be started while its configuration is refused',
  },
  {
    finding: 'pool-exhausted',
    by: 'workers-cannot-run',
    why: 'workers that end as they begin take nothing from the queue',
  },
  { finding: 'upstream-timeout', by: 'workers-cannot-run', why: 'nobody takes the requests, so that nginx gives up' },
  {
    finding: 'upstream-timeout',
    by: 'pool-exhausted',
    why: 'requests that wait for a worker run out of time before one has begun with them',
  },
  {
    finding: 'pool-exhausted',
    by: 'keepalive-pins-workers',
    why: 'the workers are taken by connections that ask for nothing, and more of them would be, too',
  },
  { finding: 'upstream-timeout', by: 'keepalive-pins-workers', why: 'requests wait behind connections that are idle' },
  { finding: 'upstream-timeout', by: 'fork-limit', why: 'requests wait for workers that may not be started' },
  { finding: 'backlog-full', by: 'keepalive-pins-workers', why: 'nobody takes what waits in the queue' },
  { finding: 'backlog-full', by: 'workers-cannot-run', why: 'nobody takes what waits in the queue' },
  { finding: 'backlog-full', by: 'fork-limit', why: 'the workers that would empty the queue may not be started' },
  { finding: 'backlog-full', by: 'pool-exhausted', why: 'with a free worker there would be nothing in the queue' },
  { finding: 'fpm-cannot-start', by: 'disk-full', why: 'a start makes a socket and opens a log' },
  { finding: 'fpm-crashed', by: 'disk-full', why: 'a start makes a socket and opens a log' },
  { finding: 'fpm-cannot-start', by: 'fork-limit', why: 'a master that may not fork gives up' },
  { finding: 'fpm-crashed', by: 'fork-limit', why: 'a master that may not fork gives up' },
  { finding: 'fpm-stopped', by: 'fork-limit', why: 'a master that may not fork ends with exit code 0' },
  { finding: 'fatal-errors', by: 'memory-limit-hit', why: 'running out of memory_limit is the fatal error' },
]

/** What is only a risk has not done anything yet. */
const happens: ReadonlySet<Finding['role']> = new Set(['cause', 'consequence'])

/** The same findings, with those that another one explains made consequences without remediations of their own. */
export function explain(findings: readonly Finding[]): readonly Finding[] {
  return findings.map((finding) => {
    const row = explanations.find(
      ({ finding: id, by }) =>
        id === finding.diagnosis &&
        findings.some((other) => other.diagnosis === by && happens.has(other.role) && isAboutTheSame(other, finding)),
    )
    return row ? { ...finding, role: 'consequence', explainedBy: row.by, remediations: [] } : finding
  })
}

/** A service stands for all its pools, but one pool not for another. */
function isAboutTheSame(a: Finding, b: Finding): boolean {
  const arePools = a.subject.kind === 'pool' && b.subject.kind === 'pool'
  return arePools ? a.subject.name === b.subject.name : serviceOf(a) === serviceOf(b)
}

function serviceOf(finding: Finding): string {
  return finding.subject.name.split('/')[0] ?? ''
}
